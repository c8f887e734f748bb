"""What a test of load does inside the site: makes its study, and reads the answers at last.

It runs in a process with the site's settings, of this commit or an older one:
``python world.py make N_TEST`` or ``python world.py ledger``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

import django

SEED = 11


def make(n_test: int) -> None:
    """Migrate, collect the styles, and open a study of a page of text and ``n_test`` trials."""
    from django.core.management import call_command

    from tests.factories import make_plan, make_study

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    stages = [
        {"kind": "page", "name": "introduction"},
        {"kind": "test", "n": n_test, "n_sets": 2},
        {"kind": "page", "name": "debrief"},
    ]
    make_study(plan=make_plan(stages=stages, seed=SEED), n_queries=4 * n_test + 20)


def ledger() -> dict[str, Any]:
    """Return each person's stored answers in their order, and whatever there is twice."""
    from trials.models import Participant, Response

    answers: dict[str, list[bool | None]] = {
        key: [] for key in Participant.objects.values_list("enrolment_key", flat=True)
    }
    rows = Response.objects.order_by("received_at", "pk")
    for key, is_yes in rows.values_list("trial__participant__enrolment_key", "is_accepted"):
        answers[key].append(is_yes)
    trials = Counter(rows.values_list("trial", flat=True))
    people = Counter(Participant.objects.values_list("enrolment_key", flat=True))
    doubled = sum(n - 1 for counts in (trials, people) for n in counts.values() if n > 1)
    return {"answers": answers, "doubled": doubled}


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "make":
        make(int(sys.argv[2]))
    else:
        sys.stdout.write(json.dumps(ledger()))
