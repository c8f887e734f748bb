"""The person of a browser in a study, and the person to whom a page was shown.

One browser may serve several people, one after the other, and an old tab stays open. The cookie
names the current person of the browser. A signed field names the person to whom the page was shown.
A request whose field names another person than the cookie is refused and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from trials.models import Participant, Study
from trials.models.prepared import PreparedQuery
from trials.participant.framing import PERSON_COOKIE, frame
from trials.participant.languages import speaking, spoken
from trials.study.pseudonyms import pseudonym

# The field that every form of a session's page sends, and every link that acts for its person.
SEAL = "shown_to"
# Where the log of requests reads a person's pseudonym: a key of the WSGI environment.
PERSON = "trials.person"
PAGE_SALT = "trials.page"
COOKIE_SALT = "trials.person"
# A month is more than enough to resume an interrupted session.
COOKIE_AGE = 30 * 24 * 3600

StudyView = Callable[[HttpRequest, Study, Participant | None], HttpResponse]


# ---- the cookie ----


def _cookie_of(study: Study) -> str:
    return f"{PERSON_COOKIE}{study.pk}"


def token_of(request: HttpRequest, study: Study) -> str | None:
    """Return the token of this browser's person in a study; None without a valid cookie."""
    return _token_in(request, _cookie_of(study))


def _token_in(request: HttpRequest, cookie: str) -> str | None:
    return request.get_signed_cookie(cookie, default=None, salt=COOKIE_SALT, max_age=COOKIE_AGE)


def participant_of(request: HttpRequest, study: Study) -> Participant | None:
    """Return this browser's participant in this study; None if there is none."""
    frame(request, study)
    token = token_of(request, study)
    if token is None:
        return None
    return _noted(request, _people().filter(study=study, token=token).first())


def _people() -> QuerySet[Participant]:
    """Return people with what their pages need; the study's document is kept by the process."""
    people = Participant.objects.select_related("study", "condition")
    return people.defer("study__document", "study__draft_text")


def _noted(request: HttpRequest, found: Participant | None) -> Participant | None:
    if found is not None:
        request.META[PERSON] = pseudonym(found.is_simulated, found.number)
    return found


def _person_of(request: HttpRequest, slug: str) -> Participant | None:
    """Return the person of a browser in the study with this name, in one query.

    The cookie's name has the study's key. A browser sends it to this study's addresses only.
    """
    for name in request.COOKIES:
        key = name.removeprefix(PERSON_COOKIE)
        if name == key or not (key.isascii() and key.isdecimal() and len(key) < 19):
            continue
        token = _token_in(request, name)
        if token is not None and (found := _PERSON.first(int(key), slug, token)) is not None:
            return _noted(request, found)
    return None


_PERSON = PreparedQuery(
    lambda study, slug, token: _people().filter(study=study, study__slug=slug, token=token),
    int,
    str,
    str,
)


def remember(response: HttpResponse, participant: Participant) -> None:
    """Set the cookie that makes this browser the person's, for the study's addresses only.

    It is separate from the staff's cookie, which no page of a study ever sets or weakens.
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
    """Delete the cookie that names this browser's person in this study."""
    response.delete_cookie(_cookie_of(study), path=reverse("consent", args=[study.slug]))


def carry(request: HttpRequest, participant: Participant) -> None:
    """Add a person's cookie to a request that no browser sent."""
    name = _cookie_of(participant.study)
    signer = signing.get_cookie_signer(salt=name + COOKIE_SALT)
    request.COOKIES[name] = signer.sign(participant.token)


# ---- the page ----


def seal(participant: Participant, step: int | str) -> str:
    """Return the signed value that states that a step's page was shown to this person.

    It contains the step and a signature, and reveals nothing about the person.
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
    """Pass the study and the browser's participant to the view; refuse another person's page.

    A post must carry the fields of its page. A typed address has no fields and changes nothing; if
    an address has them, they are checked.
    """

    @wraps(view)
    def guarded(request: HttpRequest, slug: str) -> HttpResponse:
        participant = _person_of(request, slug)
        study = participant.study if participant else get_object_or_404(Study, slug=slug)
        frame(request, study)
        with speaking(request, study, participant):
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
    context = {"study": study, "plan": spoken(study.plan), "open": participant}
    return render(request, "trials/somebody_elses.html", context, status=409)
