"""Rate limits: who counts as one visitor, and when the count begins anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from trials.models import Attempts
from trials.services.limits import attempt_take, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[2001:db8:1:2:3::4]", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_site_of_ipv6_is_one_visitor(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.django_db
def test_attempts_are_taken_up_to_the_limit_and_again_after_its_time() -> None:
    def take() -> bool:
        return attempt_take(what="login", who="a", limit=2, within=timedelta(minutes=10))

    assert [take(), take(), take()] == [True, True, False]
    Attempts.objects.update(since=timezone.now() - timedelta(minutes=11))
    assert [take(), take(), take()] == [True, True, False]
