"""Who a browser is in a study, and whose page a request comes from.

One browser may serve several people, one after the other, and an old tab stays open. The cookie
says who the browser is now. A signed field of each page says to whom the page was shown. A request
whose field names another person than the cookie is refused and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from trials.models import Participant, Study
from trials.participant.framing import PERSON_COOKIE, frame

# The field that every form of a session's page sends, and every link that acts for its person.
SEAL = "shown_to"
PAGE_SALT = "trials.page"
COOKIE_SALT = "trials.person"
# A month lets a session that broke off resume with room to spare.
COOKIE_AGE = 30 * 24 * 3600

StudyView = Callable[[HttpRequest, Study, Participant | None], HttpResponse]


# ---- the cookie ----


def _cookie_of(study: Study) -> str:
    return f"{PERSON_COOKIE}{study.pk}"


def token_of(request: HttpRequest, study: Study) -> str | None:
    """Return the token of whoever this browser is in a study; None without a valid cookie."""
    return request.get_signed_cookie(
        _cookie_of(study), default=None, salt=COOKIE_SALT, max_age=COOKIE_AGE
    )


def participant_of(request: HttpRequest, study: Study) -> Participant | None:
    """Return who this browser is in this study, if anyone."""
    frame(request, study)
    token = token_of(request, study)
    if token is None:
        return None
    related = ("study", "condition", "trial_set")
    return Participant.objects.select_related(*related).filter(study=study, token=token).first()


def remember(response: HttpResponse, participant: Participant) -> None:
    """Let the browser be this person from now on, on the study's addresses only.

    The cookie is apart from that of the staff, which no page of a study ever sets or loosens.
    """
    study = participant.study
    response.set_signed_cookie(
        _cookie_of(study),
        participant.token,
        salt=COOKIE_SALT,
        max_age=COOKIE_AGE,
        path=reverse("consent", args=[study.slug]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse, study: Study) -> None:
    """Free the browser of whoever it was in this study."""
    response.delete_cookie(_cookie_of(study), path=reverse("consent", args=[study.slug]))


def carry(request: HttpRequest, participant: Participant) -> None:
    """Give a request that no browser sent the cookie of a person."""
    name = _cookie_of(participant.study)
    signer = signing.get_cookie_signer(salt=name + COOKIE_SALT)
    request.COOKIES[name] = signer.sign(participant.token)


# ---- the page ----


def seal(participant: Participant, step: int | str) -> str:
    """Return the field that says that a step's page was shown to this person.

    It holds the step and a signature, and tells nothing of the person to whoever reads the page.
    """
    return _signer(participant).sign(str(step))


def step_sealed(participant: Participant, sealed: str) -> str | None:
    """Return the step of a page that was shown to this person; None for any other page."""
    try:
        return _signer(participant).unsign(sealed)
    except signing.BadSignature:
        return None


def _signer(participant: Participant) -> signing.Signer:
    whose = f"{PAGE_SALT} {participant.study_id} {participant.token}"
    return signing.Signer(salt=whose, sep=".")


def own_page_only(view: StudyView) -> Callable[[HttpRequest, str], HttpResponse]:
    """Give the view the study and who the browser is; refuse the page of somebody else.

    A post must carry the fields of its page. An address that was typed carries none and acts for
    nobody; one that does carry them is held to them.
    """

    @wraps(view)
    def guarded(request: HttpRequest, slug: str) -> HttpResponse:
        study = get_object_or_404(Study, slug=slug)
        participant = participant_of(request, study)
        if participant is not None and not _is_own(request, participant):
            return _refused(request, participant)
        return view(request, study, participant)

    return guarded


def _is_own(request: HttpRequest, participant: Participant) -> bool:
    sent = request.POST if request.method == "POST" else request.GET
    if request.method != "POST" and SEAL not in sent:
        return True
    step = step_sealed(participant, sent.get(SEAL, ""))
    return step is not None and sent.get("step", step) == step


def _refused(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Say whose session is open in this browser, and what to do."""
    study = participant.study
    context = {"study": study, "plan": study.plan, "open": participant}
    return render(request, "trials/somebody_elses.html", context, status=409)
