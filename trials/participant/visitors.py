"""The visitor of an entry page, read from the link, the page's signed field or the cookie."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from trials import services
from trials.addresses import address_of
from trials.models import Participant, Study
from trials.participant import links
from trials.participant.identity import participant_of
from trials.participant.recruitment import Arrival, ArrivalRefused, arrival_of
from trials.services.limits import attempt_take, network_of

# A robot is marked in the WSGI environment, which no HTTP request can set.
ROBOT = "trials.robot"
SALT = "trials.arrival"
ONE_DAY = 24 * 3600
LIMITED_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The visitor of the entry page, with the key of the open page."""

    arrival: Arrival
    key: str
    is_late: bool = False

    def sealed(self, study: Study) -> str:
        """Return the signed field of the page."""
        seal = {"study": study.pk, "key": self.key, "arrival": asdict(self.arrival)}
        return signing.dumps(seal, salt=SALT)


def visitor_of(request: HttpRequest, study: Study) -> Visitor:
    """Read the visitor from the link or from the page's signed field. Raises ``ArrivalRefused``."""
    channel = study.plan.recruitment.channel
    if request.META.get(ROBOT):
        return Visitor(Arrival(channel), request.POST.get("enrolment_key") or new_key())
    if request.method != "POST":
        arrival = arrival_of(channel, request.GET)
        is_proven = links.is_signed(study, request.GET)
        return Visitor(replace(arrival, is_proven=is_proven), new_key())
    if not (sealed := request.POST.get("arrival")):
        return Visitor(arrival_of(channel, {}), request.POST.get("enrolment_key", ""))
    try:
        seal = signing.loads(sealed, salt=SALT)
        visitor = Visitor(Arrival(**seal["arrival"]), seal["key"])
        is_ours = (seal["study"], visitor.arrival.channel) == (study.pk, channel)
    except (signing.BadSignature, TypeError, KeyError):
        is_ours = False
    if not is_ours or visitor.key != request.POST.get("enrolment_key", visitor.key):
        raise ArrivalRefused(
            _("This page was changed on its way here. Please open the study's link again.")
        )
    try:
        signing.loads(sealed, salt=SALT, max_age=ONE_DAY)
    except signing.SignatureExpired:
        return Visitor(visitor.arrival, new_key(), is_late=True)
    return visitor


def new_key() -> str:
    """Return a key that identifies the one consent of a page."""
    return secrets.token_urlsafe(24)


def known_by(request: HttpRequest, study: Study, arrival: Arrival) -> Participant | None:
    """Return the participant proven by this browser's cookie or the link, if there is one."""
    here = participant_of(request, study)
    if here is not None and here.is_released:
        here = None
    is_own = here is not None and here.person_hash == services.hash_of(arrival)
    if here is not None and (not arrival.person_id or (is_own and here.is_active)):
        return here
    arrival = proven(request, study, arrival)
    if "again" in request.POST:
        return services.participant_proven(study, arrival)
    return services.participant_known(study, arrival)


def proven(request: HttpRequest, study: Study, arrival: Arrival) -> Arrival:
    """Return the arrival, marked as proven if this browser's cookie names the same person."""
    here = participant_of(request, study)
    is_own = here is not None and here.person_hash == services.hash_of(arrival)
    return replace(arrival, is_proven=True) if is_own and arrival.person_id else arrival


def may_begin(request: HttpRequest, study: Study) -> bool:
    """Count a consent; say whether its network is below the site's rate limit.

    Only a keyed hash of the address is stored, for a day, separately from the person.
    """
    limit = settings.CONSENTS_PER_ADDRESS
    who = f"{study.pk} {network_of(address_of(request))}"
    return not limit or attempt_take(what="consent", who=who, limit=limit, within=LIMITED_WITHIN)
