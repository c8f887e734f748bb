"""Rate limits. The counts are stored in the database, so all processes share them."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from trials.models import Attempts

KEPT = timedelta(days=1)


def network_of(address: str) -> str:
    """Return an IPv4 address as it is, and of an IPv6 address the network that one site has (/64).

    An IPv4 address inside IPv6 is that IPv4 address; a text that is not an address is returned
    unchanged.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0].strip("[]"))
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def _key(what: str, who: str) -> str:
    return salted_hmac("trials.limits", f"{what}\0{who}", algorithm="sha256").hexdigest()


@transaction.atomic
def attempt_take(*, what: str, who: str, limit: int, within: timedelta) -> bool:
    """Count one attempt; say whether it is among the first ``limit`` of its time ``within``.

    The row's lock serializes simultaneous attempts, so none is missed.
    """
    now = timezone.now()
    Attempts.objects.filter(since__lt=now - KEPT).delete()
    Attempts.objects.get_or_create(who=_key(what, who), defaults={"since": now})
    row = Attempts.objects.select_for_update().get(who=_key(what, who))
    if row.since <= now - within:
        row.since, row.n = now, 0
    if row.n >= limit:
        return False
    row.n += 1
    row.save(update_fields=["since", "n"])
    return True


def attempt_give_back(*, what: str, who: str) -> None:
    """Subtract one attempt that succeeded."""
    Attempts.objects.filter(who=_key(what, who), n__gt=0).update(n=F("n") - 1)


def attempts_forget(*, what: str, who: str) -> None:
    """Forget all attempts of one visitor."""
    Attempts.objects.filter(who=_key(what, who)).delete()
