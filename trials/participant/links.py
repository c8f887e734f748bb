"""Signed links: a proof of the person's id where no recruitment platform gives one.

With a link that has ``pid`` and its ``key``, the person with this id begins, and continues in any
browser. A link with ``back`` returns one person to a session; researchers find it on the person's
page.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.core import signing
from django.urls import reverse

from trials.models import Participant, Study

BACK_SALT, KEY_SALT = "trials.way back", "trials.person link"


def person_link(study: Study, person_id: str) -> str:
    """Return the entry address of the person with this id, without the host."""
    query = urlencode({"pid": person_id, "key": _signer(study).signature(person_id)})
    return f"{reverse('consent', args=[study.slug])}?{query}"


def is_signed(study: Study, query: Mapping[str, str]) -> bool:
    """Say whether a link's ``key`` was made here for its ``pid``."""
    signer, person_id = _signer(study), query.get("pid", "").strip()
    try:
        signer.unsign(f"{person_id}{signer.sep}{query.get('key', '')}")
    except signing.BadSignature:
        return False
    return bool(person_id)


def _signer(study: Study) -> signing.Signer:
    return signing.Signer(salt=f"{KEY_SALT} {study.pk}")


def way_back(participant: Participant) -> str:
    """Return the address that returns a person to the session, without the host."""
    sealed = signing.dumps([participant.study_id, participant.token], salt=BACK_SALT)
    return f"{reverse('consent', args=[participant.study.slug])}?{urlencode({'back': sealed})}"


def led_back(study: Study, sealed: str) -> Participant | None:
    """Return the participant of a return link; None for a cut link or a released session."""
    try:
        study_key, token = signing.loads(sealed, salt=BACK_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    related = ("study", "condition", "trial_set")
    people = Participant.objects.select_related(*related).filter(is_released=False)
    return people.filter(study=study, study_id=study_key, token=token).first()
