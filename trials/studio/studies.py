"""The list of studies, a new one, and one study's page."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from trials import services
from trials.models import Participant, Study
from trials.ready_made import ready_made
from trials.roles import (
    editor_only,
    is_administrator,
    is_researcher,
    researcher_only,
    staff_only,
    studies_of,
)
from trials.services.archive_import import study_import
from trials.services.launch import study_check
from trials.studio.actions import actions_of
from trials.studio.editor import text_check
from trials.studio.forms import NewStudyForm, RobotsForm, ShareForm
from trials.studio.freeze_status import standing
from trials.studio.home_steps import StudyCounts, home_steps, next_at_home, site_counts
from trials.studio.next_step import Standing, next_of
from trials.study.checklist import Check, Level, Place
from trials.study.document import PlanRefused, completed
from trials.study.field_names import field_name
from trials.study.schema import Json, begun

MAX_LOG = 100
MAX_SEED = 2**31
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})  # other computers have no way to these


@require_safe
@staff_only
def home(request: HttpRequest) -> HttpResponse:
    """List the studies: those that the user may change, and those whose results may be seen."""
    may_change = set(studies_of(request.user).values_list("pk", flat=True))
    studies = list(studies_counted())
    may_make = is_researcher(request.user)
    context: dict[str, object] = {
        "may_make": may_make,
        "own": [study for study in studies if study.pk in may_change],
        "others": [study for study in studies if study.pk not in may_change],
    }
    if may_make:
        site = site_counts()
        own = [_counts_of(study) for study in studies if study.pk in may_change]
        context |= {"steps": home_steps(site, own), "next": next_at_home(site, own)}
        context["has_photos"] = site.n_datasets > 0
    return render(request, "studio/home.html", context)


def _counts_of(study: Study) -> StudyCounts:
    """Return the counts that ``studies_counted`` added to a study."""
    names = ("n_pilot", "n_live", "n_completed", "n_simulated")
    counts = {name: getattr(study, name) for name in names}
    return StudyCounts(slug=study.slug, status=study.status, **counts)


def studies_counted() -> QuerySet[Study]:
    """Return all studies, newest first, with their counts.

    ``n_live`` and ``n_completed`` are the study's people, ``n_pilot`` the pilot's, ``n_simulated``
    the simulated people of both.
    """
    is_robot, is_live = Q(participants__is_simulated=True), Q(participants__stage="live")
    has_completed = Q(participants__status=Participant.Status.COMPLETED)
    return (
        Study.objects.select_related("dataset", "owner")
        .order_by("-created_at", "-pk")
        .annotate(
            n_live=Count("participants", filter=~is_robot & is_live),
            n_completed=Count("participants", filter=~is_robot & is_live & has_completed),
            n_pilot=Count("participants", filter=~is_robot & ~is_live),
            n_simulated=Count("participants", filter=is_robot),
        )
    )


@require_http_methods(["GET", "HEAD", "POST"])
@researcher_only
def new(request: HttpRequest) -> HttpResponse:
    """Make a study from a template, from nothing or from a file."""
    chosen = {"dataset": request.GET.get("dataset", "")}
    form = NewStudyForm(request.POST or None, request.FILES or None, initial=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            return _made(request, form)
        except PlanRefused as error:
            form.add_error("file", f"The document has something wrong in it.\n{error}")
        except services.StudyRefused as error:
            form.add_error("file" if form.cleaned_data["source"] == "file" else None, str(error))
    return render(request, "studio/authoring/new.html", {"form": form})


def _made(request: HttpRequest, form: NewStudyForm) -> HttpResponse:
    data, user = form.cleaned_data, request.user
    assert user.is_authenticated  # noqa: S101 - for the types; the view lets nobody else in
    if data["source"] == "file":
        made = study_import(
            file=data["file"], slug=data["slug"], dataset=data["dataset"], user=user
        )
        messages.info(request, made.said)
        return redirect("studio-study", made.study.slug)
    document = _begun(data["source"], data["title"])
    study = services.study_draft(
        slug=data["slug"], dataset=data["dataset"], document=document, user=user
    )
    return redirect("studio-edit", study.slug)


def _begun(source: str, title: str) -> Json:
    if source == "blank":
        document = begun({"title": "Untitled study", "seed": secrets.randbelow(MAX_SEED)})
    else:
        document = ready_made(source)
    return completed(document | ({"title": title} if title.strip() else {}))


@require_safe
@editor_only
def one(request: HttpRequest, study: Study) -> HttpResponse:
    """Show a study's state: the checklist, the possible actions, the log."""
    for_pilot = study.status == Study.Status.DRAFT
    found = sorted(_checks(study), key=lambda check: _FIRST.index(check.level))
    checks = [(check, _place_url(check, study), _place_words(check, study)) for check in found]
    problems = text_check(study.draft_text).said if study.draft_text else ()
    counts = _counts(study)
    participant_url = request.build_absolute_uri(reverse("consent", args=[study.slug]))
    actions = actions_of(study)
    context = {
        "study": study,
        "next": next_of(_standing(study, checks, counts, participant_url, is_valid=not problems)),
        "standing": standing(study) if study.status in _UNCHECKED else None,
        "checks": checks,
        "n_refusals": sum(check.level == Level.REFUSAL for check, _, _ in checks),
        "n_warnings": sum(check.level == Level.WARNING for check, _, _ in checks),
        "is_before_pilot": for_pilot,
        "actions": [action for action in actions if not action.is_final],
        "final_actions": [action for action in actions if action.is_final],
        "counts": counts,
        "n_robots": sum(n for label, _, n in counts if label.startswith("Simulated")),
        "changes": services.study_changes(study),
        "problems": problems,
        "log": study.log.select_related("user")[:MAX_LOG],
        "robots": RobotsForm(),
        "share": ShareForm(
            initial={"editors": ", ".join(editor.get_username() for editor in study.editors.all())}
        ),
        "may_share": study.owner_id == request.user.pk or is_administrator(request.user),
        "following": Study.objects.filter(previous=study).first(),
        "participant_url": participant_url,
        "is_local": urlsplit(participant_url).hostname in LOCAL,
    }
    return render(request, "studio/authoring/study.html", context)


# Failures are first; the order within a level is that of the checklist.
_FIRST = (Level.REFUSAL, Level.WARNING, Level.OK)
# An open or closed study has no checklist; whether it matches what was frozen is shown separately.
_UNCHECKED = (Study.Status.OPEN, Study.Status.CLOSED)


def _checks(study: Study) -> list[Check]:
    if study.status in _UNCHECKED:
        return []
    return study_check(study, for_pilot=study.status == Study.Status.DRAFT)


def _standing(
    study: Study,
    checks: list[tuple[Check, str, str]],
    counts: list[tuple[str, int, int]],
    participant_url: str,
    *,
    is_valid: bool,
) -> Standing:
    (_, n_live, _), (_, _, n_pilot), *robots = counts
    return Standing(
        slug=study.slug,
        status=study.status,
        to_fix=[(check.name, url) for check, url, _ in checks if check.level == Level.REFUSAL],
        is_text_valid=is_valid,
        n_pilot=n_pilot,
        n_live=n_live,
        n_robots=sum(n for _, _, n in robots),
        participant_url=participant_url,
    )


def _place_url(check: Check, study: Study) -> str:
    """Return the address of the page where a problem is fixed."""
    field = f"#f-{check.field}" if check.field else ""
    return {
        Place.EDITOR: reverse("studio-edit", args=[study.slug]) + field,
        Place.DATASET: reverse("studio-dataset", args=[study.dataset.slug]),
        Place.PILOT: "#pilot",
        Place.NOWHERE: "",
    }[check.place]


def _place_words(check: Check, study: Study) -> str:
    """Return the words of the link to that page: they name the place."""
    field = field_name(check.field, study.document).rpartition(", ")[2].lower()
    return {
        Place.EDITOR: "Change it in a new version"
        if study.is_frozen
        else f"Edit the {field or 'study document'}",
        Place.DATASET: f"See the dataset {study.dataset.slug}",
        Place.PILOT: "See the pilot",
        Place.NOWHERE: "",
    }[check.place]


def _counts(study: Study) -> list[tuple[str, int, int]]:
    """Return how many came and how many completed: people, pilot people, simulated people."""
    rows = Participant.objects.filter(study=study).values_list("stage", "is_simulated", "status")
    found = list(rows)

    def of(stage: str, is_simulated: bool) -> tuple[int, int]:
        those = [status for s, robot, status in found if (s, robot) == (stage, is_simulated)]
        return len(those), those.count(Participant.Status.COMPLETED)

    kinds = [
        ("People", Participant.Stage.LIVE, False),
        ("People in the pilot", Participant.Stage.PILOT, False),
        ("Simulated", Participant.Stage.LIVE, True),
        ("Simulated in the pilot", Participant.Stage.PILOT, True),
    ]
    return [(label, *of(stage, robot)) for label, stage, robot in kinds]
