"""What a participant is called in the reference study's schemas, which leave this site."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.utils.crypto import salted_hmac

from trials.models import Study


def reference_hash(study: Study, stage: str) -> Callable[[str], str]:
    """Return what hashes a pseudonym for others: the same in each export, not in two studies.

    Keyed by the salt of people, which a site may keep when it changes its secret key.
    """

    def hashed(pseudonym: str) -> str:
        value = f"{study.slug}:{study.version}:{stage}:{pseudonym}"
        salt = settings.PERSON_SALT
        return salted_hmac("analysis.reference", value, salt, algorithm="sha256").hexdigest()

    return hashed
