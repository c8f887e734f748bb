"""Addresses of earlier versions lead to today's pages, for good."""

from __future__ import annotations

import pytest
from django.test import Client

STUDY = "/studio/study/birds"
MOVED = {
    "/staff/": "/studio/",
    "/staff/birds/": f"{STUDY}/results/",
    "/staff/birds/responses.csv": f"{STUDY}/results/responses.csv",
    "/staff/birds/figure/accuracy.svg": f"{STUDY}/results/figure/accuracy.svg",
    "/staff/birds/lift-blind/": f"{STUDY}/results/lift-blind/",
    "/staff/birds/exports/": f"{STUDY}/exports/",
    "/staff/birds/exports/7.zip": f"{STUDY}/exports/7.zip",
    "/studio/study/birds/running/": f"{STUDY}/monitor/",
}


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_an_old_address_moves_for_good_with_its_query(client: Client, old: str, new: str) -> None:
    answer = client.get(f"{old}?simulated=1&at=20%25")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{new}?simulated=1&at=20%25")
