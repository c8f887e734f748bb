"""Participant ids for the files in the reference study's schemas, which leave this site."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.utils.crypto import salted_hmac

from trials.models import Study


def reference_hash(study: Study, stage: str) -> Callable[[str], str]:
    """Return a function that hashes a pseudonym: stable over exports, different between studies.

    The key is the salt of people, which a site can keep when it changes its secret key.
    """

    def hashed(pseudonym: str) -> str:
        value = f"{study.slug}:{study.version}:{stage}:{pseudonym}"
        salt = settings.PERSON_SALT
        return salted_hmac("analysis.reference", value, salt, algorithm="sha256").hexdigest()

    return hashed
