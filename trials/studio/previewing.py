"""The preview: a frame around the participant's screens, and a navigator."""

from __future__ import annotations

import re
from itertools import groupby

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from trials import services
from trials.models import Study
from trials.roles import editor_only
from trials.studio.editor import text_check
from trials.studio.preview import CONSENT, previewed, screen_render, screens_of, sets_of
from trials.study.languages import LANGUAGES
from trials.study.plan import StudyPlan
from trials.study.schema import Json

SIZES = {"phone": "Phone (360)", "tablet": "Tablet (768)", "laptop": "Laptop (1366)"}
SCRIPT = re.compile(rb"<script\b.*?</script>\s*", re.DOTALL)
HEADER = "Content-Security-Policy"
OWN_FILES = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "font-src 'self'; base-uri 'none'"
)
# Only the site's own page can show the frame's page, which can send nothing.
INSIDE = f"{OWN_FILES}; connect-src 'none'; form-action 'none'; frame-ancestors 'self'"
AROUND = (
    f"{OWN_FILES}; connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'"
)


@require_safe
@editor_only
def preview(request: HttpRequest, study: Study) -> HttpResponse:
    """Show any screen to a researcher, with a navigator."""
    chosen = _chosen(request.GET, study.plan)
    plans = previewed(study.plan)
    screens = screens_of(plans[chosen["condition"]])
    at = next(n for n, each in enumerate(screens) if each.key == chosen["screen"])
    groups = [(name, list(each)) for name, each in groupby(screens, key=lambda one: one.group)]
    context = {
        "study": study,
        "chosen": chosen,
        "conditions": list(plans),
        "sets": sets_of(study.plan),
        "groups": groups,
        "sizes": SIZES,
        "languages": [(tag, LANGUAGES[tag]) for tag in study.plan.languages],
        "screen": screens[at],
        "before": screens[at - 1] if at else None,
        "after": screens[at + 1] if at + 1 < len(screens) else None,
        "place": at + 1,
        "n": len(screens),
    }
    response = render(request, "studio/authoring/preview.html", context)
    response[HEADER] = AROUND
    return response


def _chosen(asked: QueryDict, plan: StudyPlan) -> dict[str, str]:
    """Return the choices in a request; an unknown name falls back to the first choice."""
    plans = previewed(plan)
    names = list(plans)
    name = asked.get("condition", "")
    seen = plans[name if name in names else names[0]]
    known = {
        "condition": names,
        "set": [str(item) for item in sets_of(plan)],
        "screen": [CONSENT, *(item.key for item in screens_of(seen))],
        "size": ["laptop", *SIZES],
        "language": list(plan.languages),
    }
    wanted = {name: asked.get(name, "") for name in known}
    return {
        name: wanted[name] if wanted[name] in values else values[0]
        for name, values in known.items()
    }


@require_safe
@editor_only
@xframe_options_sameorigin
def screen(request: HttpRequest, study: Study) -> HttpResponse:
    """Render one of the participant's screens inside the preview's frame."""
    return _framed(request, study, _chosen(request.GET, study.plan))


@require_POST
@editor_only
@xframe_options_sameorigin
def live(request: HttpRequest, study: Study) -> HttpResponse:
    """Render a screen of the posted document, beside the editor's form; nothing is stored.

    Without a document it is a screen of the last saved one. A document that is not valid is refused
    in words.
    """
    text = request.POST.get("document", "")
    if not text:
        return _silent(_framed(request, study, _chosen(request.POST, study.plan)))
    checked = text_check(text)
    if checked.plan is None:
        return _closed(_no_preview(request, study, " ".join(checked.said), status=422))
    page = _framed(request, study, _chosen(request.POST, checked.plan), checked.document)
    return _silent(page)


def _framed(
    request: HttpRequest, study: Study, chosen: dict[str, str], document: Json | None = None
) -> HttpResponse:
    try:
        response = screen_render(
            request,
            study,
            condition=chosen["condition"],
            number=int(chosen["set"]),
            key=chosen["screen"],
            language=chosen["language"],
            document=document,
        )
    except services.StudyRefused as error:
        response = _no_preview(request, study, str(error))
    if response.has_header("Location"):
        refusal = "This screen leads straight on to the next one."
        response = _no_preview(request, study, refusal)
    return _closed(response)


def _no_preview(
    request: HttpRequest, study: Study, refusal: str, *, status: int = 200
) -> HttpResponse:
    context = {"study": study, "refusal": refusal}
    return render(request, "studio/authoring/no_preview.html", context, status=status)


def _silent(response: HttpResponse) -> HttpResponse:
    """Leave out the scripts: their frame runs none, and would report each as an error."""
    response.content = SCRIPT.sub(b"", response.content)
    return response


def _closed(response: HttpResponse) -> HttpResponse:
    """Let the page inside a frame send nothing."""
    response.cookies.clear()
    response[HEADER] = INSIDE
    return response
