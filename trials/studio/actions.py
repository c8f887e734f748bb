"""Actions on a study, each by POST; an irreversible action asks for confirmation first."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from tempfile import TemporaryFile

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trials import services
from trials.models import Participant, Study
from trials.roles import editor_only, is_administrator, refused
from trials.services.archive import study_export
from trials.services.launch import study_launch, study_launch_pilot
from trials.simulation.robots import Robot, RobotStuck, play
from trials.studio.forms import CopyForm, RobotsForm, ShareForm

DRAFT, PILOT, OPEN, PAUSED, CLOSED = (
    Study.Status.DRAFT,
    Study.Status.PILOT,
    Study.Status.OPEN,
    Study.Status.PAUSED,
    Study.Status.CLOSED,
)


@dataclass(frozen=True, slots=True)
class Action:
    """One action. ``warning`` is the text to confirm first; empty if the action can be undone."""

    name: str
    label: str
    move: Callable[..., Study | None]
    states: tuple[str, ...]
    warning: str = ""
    is_final: bool = False


ACTIONS = {
    item.name: item
    for item in (
        Action(
            "pilot",
            "Start the pilot",
            study_launch_pilot,
            (DRAFT, PAUSED),
            "The document, the predictions and the photos are fixed from now on; a change is a "
            "new version. People who enter are the pilot's, and never counted with the study's.",
        ),
        Action(
            "open",
            "Open the study",
            study_launch,
            (DRAFT, PILOT, PAUSED),
            "From now on, everybody who enters counts. The document, the predictions and the "
            "photos are fixed; a change is a new version.",
        ),
        Action("pause", "Pause", services.study_pause, (PILOT, OPEN)),
        Action(
            "close",
            "Close permanently",
            services.study_close,
            (PILOT, OPEN, PAUSED),
            "Nobody new can enter any more, and a closed study cannot be opened again. People who "
            "are under way go on to the end.",
            is_final=True,
        ),
        Action("version", "New version", services.study_version, (PILOT, OPEN, PAUSED, CLOSED)),
        Action(
            "delete",
            "Delete the draft",
            services.study_delete,
            (DRAFT,),
            "The draft and its log are deleted. This cannot be undone. Nobody has seen the draft.",
            is_final=True,
        ),
    )
}


def actions_of(study: Study) -> list[Action]:
    """Return the actions that the study's current state allows."""
    found = [item for item in ACTIONS.values() if study.status in item.states]
    return [item for item in found if item.name != "delete" or not study.is_frozen]


@require_http_methods(["GET", "HEAD", "POST"])
@editor_only
def act(request: HttpRequest, study: Study, name: str) -> HttpResponse:
    """Ask for confirmation of an action, or do it."""
    action = ACTIONS.get(name)
    if action is None:
        raise Http404(f"No action {name}.")
    is_sure = not action.warning or "sure" in request.POST
    if request.method != "POST" or not is_sure:
        return render(request, "studio/authoring/confirm.html", {"study": study, "action": action})
    try:
        after = action.move(study=study, user=request.user)
    except services.StudyRefused as error:
        messages.error(request, str(error))
        return redirect("studio-study", study.slug)
    if after is None:
        messages.success(request, f"The draft {study} is deleted.")
        return redirect("studio")
    if name == "version":
        messages.success(request, f"{after} is a draft of version {after.version}: change it here.")
        return redirect("studio-edit", after.slug)
    now = "in its pilot" if after.status == Study.Status.PILOT else after.status
    messages.success(request, f"{after} is {now} now.")
    return redirect("studio-study", after.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@editor_only
def copy(request: HttpRequest, study: Study) -> HttpResponse:
    """Make a draft of a new study with the same document."""
    form = CopyForm(request.POST or None, initial={"dataset": study.dataset.slug})
    if request.method == "POST" and form.is_valid():
        assert request.user.is_authenticated  # noqa: S101 - for the types
        made = services.study_copy(
            study=study,
            slug=form.cleaned_data["slug"],
            dataset=form.cleaned_data["dataset"],
            user=request.user,
        )
        return redirect("studio-edit", made.slug)
    return render(request, "studio/authoring/copy.html", {"study": study, "form": form})


@require_POST
@editor_only
def share(request: HttpRequest, study: Study) -> HttpResponse:
    """Say who may change the study beside its owner."""
    if study.owner_id != request.user.pk and not is_administrator(request.user):
        return refused(request, f"the owner of {study}")
    form = ShareForm(request.POST)
    if form.is_valid():
        assert request.user.is_authenticated  # noqa: S101 - for the types
        editors = form.cleaned_data["editors"]
        services.study_share(study=study, editors=editors, user=request.user)
        messages.success(request, "Saved who may change the study.")
    else:
        messages.error(request, form.errors.as_text())
    return redirect("studio-study", study.slug)


# Seconds for which one request runs simulated people; the page then requests the rest.
TURN_S = 5.0


@require_POST
@editor_only
def simulate(request: HttpRequest, study: Study) -> HttpResponse:
    """Run some simulated people; respond with their number, so the page can request the rest."""
    form = RobotsForm(request.POST)
    is_script = request.headers.get("Accept") == "application/json"
    if not form.is_valid() or study.status != PILOT:
        said = (
            "Simulated people play in the pilot: start it first."
            if form.is_valid()
            else form.errors.as_text()
        )
        return _played(request, study, 0, said, is_script)
    try:
        n = _play(study, form.cleaned_data["n"], form.cleaned_data["learning"] or 0)
    except RobotStuck as error:
        return _played(request, study, 0, f"A simulated person got stuck: {error}", is_script)
    return _played(request, study, n, "", is_script)


def _play(study: Study, n_wanted: int, learning: float) -> int:
    before = Participant.objects.filter(study=study, is_simulated=True).count()
    until, n = time.monotonic() + TURN_S, 0
    while n < n_wanted and (not n or time.monotonic() < until):
        play(study, Robot(learning=learning), random.Random(f"studio:{before + n}"))
        n += 1
    return n


def _played(
    request: HttpRequest, study: Study, n: int, error: str, is_script: bool
) -> HttpResponse:
    if is_script:
        return JsonResponse({"n": n, "error": error}, status=409 if error else 200)
    if error:
        messages.error(request, error)
    else:
        messages.success(request, f"{n} simulated people completed the study.")
    return redirect("studio-study", study.slug)


@require_safe
@editor_only
def export(request: HttpRequest, study: Study) -> HttpResponseBase:
    """Send the study as one file."""
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        study_export(study, file, has_photos=request.GET.get("photos") == "1")
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{study}.zip")
