"""The staff's pages of results. ``live.live_results`` computes all their numbers."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from analysis.blind import blind_lift, lift_of
from analysis.codebook.anchors import CHECKS
from analysis.codebook.codebook import FILES
from analysis.figures.figure_points import ALL, KEPT
from analysis.figures.figure_texts import ALL_NAMES, has_figure
from analysis.results.computing import shows_computing
from analysis.results.downloads import ANSWERS_FILE, csv_bytes, results_read
from analysis.results.headline import DECIDED, arms_sheet, comparisons_sheet, has_numbers
from analysis.results.live import CACHE_S, Asked, LiveResults, answers_shown, live_results
from analysis.results.sections import heads_of, sections_of
from analysis.results.sheets import Panel, panels_of
from analysis.results.team_sheets import undecided
from analysis.rows.overview import stage_shown
from trials.models import Participant, Study
from trials.roles import editor_only, may_edit, staff_only

# Files in which no arm can be recognised; they can be downloaded while blinded.
BLIND_FILES = ("codebook.csv",)
FIGURE_TYPES = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
# An SVG has its own styles; under the site's policy it would be black if opened alone.
FIGURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@require_safe
@staff_only
@shows_computing
def study(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a study's current results, and the link by which people enter it."""
    found = get_object_or_404(Study, slug=slug)
    if not found.is_frozen:
        return not_begun(request, found, "results")
    results = live_results(found, _asked(request))
    asked = results.asked
    arms = arms_sheet(results.tables, asked.analysed)
    compared = comparisons_sheet(results.tables, asked.analysed, _bound(results))
    headline = [(arms, heads_of(arms, "measures"))] if has_numbers(results.tables) else []
    headline += [(compared, heads_of(compared, "tests"))] if compared else []
    context = {
        "study": results.study,
        "results": results,
        "sections": sections_of(_panels(results) + answers_shown(results)),
        "headline": headline,
        "is_compared": compared is not None,
        "checks": CHECKS,
        "files": [
            file.removesuffix(".csv")
            for file in FILES
            if (not results.is_blinded or file in BLIND_FILES)
            and (file != ANSWERS_FILE or results.study.plan.questions)
        ],
        "kinds": list(FIGURE_TYPES),
        "figure_query": _query(results.asked, at=results.n_responses),
        "simulated_query": _query(results.asked, include_simulated=True),
        "people_query": _query(results.asked, include_simulated=False),
        "all_query": _query(results.asked, analysed=ALL),
        "kept_query": _query(results.asked, analysed=KEPT),
        "may_edit": may_edit(request.user, results.study),
        "participant_url": request.build_absolute_uri(reverse("consent", args=[slug])),
    }
    return render(request, "studio/results/results.html", context)


@require_safe
@staff_only
@shows_computing
def figure(request: HttpRequest, slug: str, name: str, kind: str) -> HttpResponse:
    """Send one figure of the results as a file; as a download if ``download`` is given."""
    if name not in ALL_NAMES or kind not in FIGURE_TYPES:
        raise Http404(f"No figure {name}.{kind}. Figures: {', '.join(ALL_NAMES)}.")
    study = get_object_or_404(Study, slug=slug)
    if not study.is_frozen:
        return not_begun(request, study, "pictures", HTTPStatus.NOT_FOUND)
    results = live_results(study, _asked(request))
    if not has_figure(name, results.tables, results.asked.analysed):
        if results.is_blinded:
            return refused(request, results.study, f"The picture {name!r}")
        raise Http404(f"No figure {name} yet: there are no data to draw.")
    content = cache.get_or_set(
        f"{results.key}-{name}.{kind}", lambda: _drawn(results, name, kind), CACHE_S
    )
    response = HttpResponse(content, content_type=FIGURE_TYPES[kind])
    response["Content-Security-Policy"] = FIGURE_POLICY
    if "download" in request.GET:
        file = f"{slug}-{name}{_suffix(results)}.{kind}"
        response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


@require_safe
@staff_only
def download(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Send one table as a file. The file name says if it is the pilot's or has simulated people."""
    file = f"{name}.csv"
    if file not in FILES:
        raise Http404(f"No file {file}. Files: {', '.join(FILES)}.")
    study = get_object_or_404(Study, slug=slug)
    if not study.is_frozen:
        return not_begun(request, study, "tables", HTTPStatus.NOT_FOUND)
    asked, stage = _asked(request), stage_shown(study)
    if file not in BLIND_FILES and lift_of(study, stage) is None:
        return refused(request, study, f"The file {file}")
    results = results_read(study, include_simulated=asked.include_simulated, stage=stage)
    suffix = "-pilot" if stage == Participant.Stage.PILOT else ""
    suffix += "-with-simulated" if asked.include_simulated else ""
    content = csv_bytes(file, results.tables[file])
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-{name}{suffix}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@editor_only
def lift_blind(request: HttpRequest, study: Study) -> HttpResponse:
    """Ask to confirm lifting the blind (GET), or lift it (POST)."""
    if not study.is_frozen:
        return not_begun(request, study, "arms to name", HTTPStatus.CONFLICT)
    stage = stage_shown(study)
    # The pilot may have ended since the page was shown; lift only the stage that it named.
    if request.method == "POST" and request.POST.get("stage") == stage:
        blind_lift(study=study, user=request.user, stage=stage)
    if lift_of(study, stage) is not None:
        return redirect("studio-results", study.slug)
    return render(request, "studio/results/lift_blind.html", {"study": study, "stage": stage})


def refused(request: HttpRequest, study: Study, what: str) -> HttpResponse:
    """Refuse ``what`` while the study is blinded, and say how to lift the blind."""
    context = {"study": study, "what": what, "may_edit": may_edit(request.user, study)}
    return render(request, "studio/results/blinded.html", context, status=HTTPStatus.FORBIDDEN)


def not_begun(
    request: HttpRequest, study: Study, what: str, status: int = HTTPStatus.OK
) -> HttpResponse:
    """Return the page that says that a draft has no results yet."""
    context = {"study": study, "what": what}
    return render(request, "studio/results/not_begun.html", context, status=status)


def _bound(results: LiveResults) -> float | None:
    """Return the p below which a difference is shown; None if this state decides nothing."""
    if results.look is not None:
        return results.look.look.p
    return None if results.is_interim else DECIDED


def _panels(results: LiveResults) -> list[Panel]:
    def made() -> list[Panel]:
        tables = undecided(results.tables) if _bound(results) is None else results.tables
        return panels_of(tables, results.asked.analysed, is_interim=results.is_interim)

    return cache.get_or_set(f"{results.key}-panels", made, CACHE_S) or []


def _asked(request: HttpRequest) -> Asked:
    at = request.GET.get("at", "")
    return Asked(
        include_simulated=request.GET.get("simulated") == "1",
        analysed=ALL if request.GET.get("analysed") == ALL else KEPT,
        at=int(at) if at.isdecimal() and at.isascii() and len(at) < 10 else None,
    )


def _query(
    asked: Asked,
    *,
    include_simulated: bool | None = None,
    analysed: str | None = None,
    at: int | None = None,
) -> str:
    """Return the query string of the current request with the given changes."""
    is_simulated = asked.include_simulated if include_simulated is None else include_simulated
    values = {
        "simulated": "1" if is_simulated else "",
        "analysed": ALL if (analysed or asked.analysed) == ALL else "",
        "at": "" if at is None else str(at),
    }
    return "?" + urlencode({name: value for name, value in values.items() if value})


def _drawn(results: LiveResults, name: str, kind: str) -> bytes:
    # Imported here because matplotlib takes half a second and other pages do not need it.
    from analysis.figures.figures import figure_bytes, figure_of

    asked = results.asked
    drawn = figure_of(name, results.tables, analysed=asked.analysed, note=results.note)
    return figure_bytes(drawn, kind)


def _suffix(results: LiveResults) -> str:
    parts = [
        ("-pilot", results.is_pilot),
        ("-blinded", results.is_blinded),
        ("-before-exclusions", results.asked.analysed == ALL and results.has_exclusions),
        ("-with-simulated", results.asked.include_simulated),
    ]
    return "".join(words for words, is_so in parts if is_so)
