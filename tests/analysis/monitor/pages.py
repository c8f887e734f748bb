"""The addresses of a running study, and what its pages show."""

from __future__ import annotations

import re

from django.contrib.auth.models import Group, User

from trials.models import Participant

LIVE, PEOPLE = "/studio/study/trees/monitor/", "/studio/study/trees/people/"
ALICE = f"{PEOPLE}p0001/"
DO = f"{ALICE}do/"


def member(name: str, role: str) -> User:
    user = User.objects.create(username=name, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def alice() -> Participant:
    return Participant.objects.get(number=1, is_simulated=False)


def cells(page: str, row: str) -> list[str]:
    """Return the cells of the first row with this heading, without tags."""
    found = re.search(
        rf'<th scope="row">(?:<a[^>]*>)?{row}(?:</a>)?</th>(.*?)</tr>', page, re.DOTALL
    )
    assert found is not None, row
    parts = re.findall(r"<td[^>]*>(.*?)</td>", found[1], re.DOTALL)
    return [re.sub(r"<[^>]+>", "", part).strip() for part in parts]
