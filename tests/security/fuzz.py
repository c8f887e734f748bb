"""The fuzzer: random requests of everybody, to every address, in every state of a study.

``python -m tests.security.fuzz 30000`` prints the count, the answers by status, the slowest answer
and the peak memory, and ends with 1 if any answer was a failure of the site. Each request is rolled
back, so that all states stay as they are.
"""

from __future__ import annotations

import copy
import logging
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MEMORY = 4 * 2**30  # bytes of addresses that the process may use
# What the converters of addresses take; an odd value is drawn beside them.
CONVERTED = {
    "slug": [*["open", "draft", "pilot", "paused", "closed", "trees"] * 4, "nope", "x" * 300],
    "pk": ["1", "2", "99999999999999999999"],
    "who": [*["p0001", "p0002", "p0006"] * 3, "r0001", "p9999", "x"],
    "position": ["0", "1", "77"],
    "token": ["x" * 20, "..", "%2e%2e"],
    "name": [
        "pause", "close", "open", "pilot", "delete", "release", "withdraw", "pay", "exclude",
        "accuracy", "responses", "codebook", "participants", "nope",
    ],
    "kind": ["png", "svg", "pdf", "exe"],
}  # fmt: skip


@dataclass
class Found:
    """What the answers were."""

    n: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    failures: list[str] = field(default_factory=list)

    def note(self, status: int, seconds: float, what: str) -> None:
        """Count one answer."""
        self.n += 1
        self.statuses[status] += 1
        self.slowest = max(self.slowest, (seconds, what))
        if status >= 500:
            self.failures.append(what)

    def __str__(self) -> str:
        by_status = ", ".join(f"{status}: {n}" for status, n in sorted(self.statuses.items()))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        lines = [
            f"{self.n} requests",
            f"answers by status: {by_status}",
            f"slowest answer: {self.slowest[0]:.2f} s ({self.slowest[1]})",
            f"peak memory: {peak:.0f} MiB",
            *(f"FAILED: {failure}" for failure in self.failures[:20]),
        ]
        return "\n".join(lines)


def build() -> dict[str, list[Any]]:
    """Put studies of every state and people of every status into the database; return browsers."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    from tests.factories import make_document, make_plan, make_study
    from tests.trials.tab import Tab, be
    from trials import services
    from trials.models import Participant, Study

    study = make_study()
    users = {}
    for role in ("researcher", "analyst"):
        users[role] = User.objects.create_user(role, is_staff=True)
        users[role].groups.add(Group.objects.get(name=role))
    owner = users["researcher"]
    services.study_own(study=study, owner=owner)
    services.study_draft(slug="draft", dataset=study.dataset, document=make_document(), user=owner)
    states = {"open": [], "pilot": [services.study_pilot], "paused": [services.study_pause],
              "closed": [services.study_close]}  # fmt: skip
    for slug, moves in states.items():
        other = services.study_create(slug=slug, dataset=study.dataset, plan=make_plan())
        services.study_own(study=other, owner=owner)
        for move in moves or [services.study_open]:
            if slug != "pilot":
                services.study_open(study=other) if moves else None
            move(study=other)
    tabs = []
    for step in (0, 2, 3, 7, 8, 13, 17):
        person = services.participant_enrol(
            study=Study.objects.get(slug="trees"), enrolment_key=f"{step:016d}", is_simulated=False
        )
        person = at_step(person, step)
        tabs.append(Tab(raise_request_exception=False))
        be(tabs[-1], person)
    for person, end in zip(Participant.objects.order_by("-pk"), ("keep", "delete"), strict=False):
        services.participant_stop(participant=person, keeps_answers=end == "keep")
    staff = {}
    for role, user in users.items():
        staff[role] = [Client(raise_request_exception=False)]
        staff[role][0].force_login(user)
    return {"stranger": [Client(raise_request_exception=False)], "participant": tabs, **staff}


def at_step(person: Any, step: int) -> Any:
    """Let a person answer rightly until a step, as the pages do: no trial is jumped over."""
    from trials import services
    from trials.study.design import Kind

    while person.step < step:
        here = person.script[person.step]
        is_trial = here.kind == Kind.TRIAL
        is_yes = services.trial_of(person, here).prediction.is_right if is_trial else None
        submission = services.Submission(step=person.step, is_yes=is_yes)
        person = services.participant_advance(participant=person, submission=submission)
    return person


def addresses(rng: random.Random, routes: list[str]) -> Callable[[], str]:
    """Return a function that draws an address."""

    def converted(match: re.Match[str]) -> str:
        name = match[1].split(":")[-1]
        return rng.choice(CONVERTED.get(name, ["1", "trees", "x"]))

    def draw() -> str:
        route = rng.choice(routes)
        path = re.sub(r"<([^>]+)>", converted, re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route))
        return "/" + re.sub(r"[\^$\\?]", "", path)

    return draw


def send(client: Any, asked: Any) -> tuple[int, bytes]:
    """Send one request, read the whole answer, and undo what it did."""
    from django.db import transaction

    from study_site.charset import is_charset_known

    kind = asked.content_type or "application/x-www-form-urlencoded"
    if not is_charset_known(kind):
        return 415, b""
    sender = getattr(client, asked.method.lower())
    more: dict[str, Any] = {"query_params": asked.query}
    if isinstance(asked.data, bytes):
        more |= {"data": asked.data, "content_type": kind} if asked.data else {}
    elif asked.method == "POST":
        more |= {"data": asked.data}
    cookies = copy.deepcopy(client.cookies)  # nobody is logged out for good
    try:
        with transaction.atomic():
            answer = sender(asked.path, **more)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            transaction.set_rollback(True)
    except Exception as error:  # noqa: BLE001 - whatever escapes is a failure of the site
        return 599, repr(error).encode()
    finally:
        client.cookies = cookies
    return answer.status_code, body


LAST: list[str] = []


def error_note(**_: Any) -> None:
    """Keep what went wrong and where; connected to the framework's signal."""
    from trials.participant.page_errors import described

    error = sys.exc_info()[1]
    if error is not None:
        LAST[:] = [f"{type(error).__name__}: {described(error)}"]


def client_error(body: bytes) -> str:
    """Return the site's last error, or what escaped from it."""
    return LAST.pop() if LAST else body[:300].decode(errors="replace")


def fuzz(n: int, seed: int, world: dict[str, list[Any]]) -> Found:
    """Send ``n`` random requests and return what the answers were."""
    from django.core.signals import got_request_exception

    got_request_exception.connect(error_note, dispatch_uid="tests.security.fuzz")
    try:
        return _fuzzed(n, seed, world)
    finally:  # other tests have errors of their own
        got_request_exception.disconnect(dispatch_uid="tests.security.fuzz")


def _fuzzed(n: int, seed: int, world: dict[str, list[Any]]) -> Found:
    from tests.security.fuzz_requests import request, routes

    rng, found = random.Random(seed), Found()
    every = [each for each in routes() if not each.startswith("admin/")]
    draw = addresses(rng, [*every, "admin/", "admin/trials/study/", "static/css/base.css"])
    given = deque(["0.x"], maxlen=40)  # what pages gave out: seals, keys
    for _ in range(n):
        who = rng.choice(sorted(world))
        asked = request(rng, draw(), given)
        begun = time.monotonic()
        status, body = send(rng.choice(world[who]), asked)
        sent = {name: str(each)[:30] for name, each in asked.fields().items()}
        what = f"{who} {asked.method} {asked.path[:80]} {sent}"
        if status >= 500:
            what += f" -> {client_error(body)}"
        found.note(status, time.monotonic() - begun, what)
        if b"Traceback (most recent" in body:
            found.failures.append(f"a traceback: {what}")
        seals = re.findall(rb'name="(?:shown_to|arrival|enrolment_key)" value="([^"]+)"', body)
        given.extend(each.decode() for each in seals)
    return found


def main() -> int:
    """Make a site in a folder of its own and try it."""
    n, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATA_DIR": folder, "DEBUG": "true", "LOG_LEVEL": "CRITICAL"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "study_site.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        setup_test_environment(debug=False)
        logging.disable(logging.CRITICAL)
        call_command("migrate", verbosity=0)
        found = fuzz(n, seed, build())
    print(found)  # noqa: T201 - the answer
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
