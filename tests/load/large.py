"""``python -m tests.load.large``: what a page costs in a study of 1,000 and of 100,000 people.

Each size has a database of its own on a PostgreSQL server of its own. One person of each condition
takes part, and SQL copies them with their 45 trials and answers. A line gives the median of a
request in ms (of one process without other work), and the time and the peak memory of the worker
that computes the monitor and the results. Bounded: the clients' memory, and the people.
``--keep FOLDER`` leaves the databases there, and measures those that an earlier run left.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2

from tests.load.servers import Postgres

MEMORY = 4 * 2**30  # bytes of addresses of each process
MOST_PEOPLE = 200_000
N_REQUESTS = 30
WAY = "/s/trees/session/"
KEY = re.compile(r'name="enrolment_key" value="([^"]+)"')
PAGES = ("monitor", "people", "results")


def columns(cursor: Any, table: str) -> list[str]:
    """Return the names of a table's columns."""
    cursor.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 - a name of ours
    return [each.name for each in cursor.description]


def copy(cursor: Any, table: str, values: dict[str, str], n: int) -> None:
    """Copy each row of a table ``n`` times; ``values`` are the SQL of what differs, g the copy."""
    names = columns(cursor, table)
    chosen = ", ".join(values.get(name, f't."{name}"') for name in names)
    into = ", ".join(f'"{name}"' for name in names)
    cursor.execute(
        f"INSERT INTO {table} ({into}) SELECT {chosen} "  # noqa: S608 - names of ours
        f"FROM {table} t, generate_series(1, {n}) g"
    )
    cursor.execute(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
    )
    cursor.execute("ANALYZE " + table)


def grow(n_people: int, n_templates: int) -> None:
    """Copy the people of the database, with their trials and answers, until there are enough."""
    from django.db import connection

    n = n_people // n_templates - 1  # copies, beside the one that is there
    with connection.cursor() as cursor:
        # Who copies rows that are valid need not check each of them again.
        cursor.execute("SET session_replication_role = replica")
        who = {
            "id": "t.id + 100 * g",
            "number": "t.number + 100 * g",
            "seed": "t.seed + g",
            "token": "substr(md5(t.id || '-' || g), 1, 24)",
            "enrolment_key": "md5(g || '+' || t.id)",
        }
        # They came in the course of a month.
        for name in ("consented_at", "last_seen_at", "finished_at"):
            who[name] = f"t.{name} - {30 * 86400 / n} * g * interval '1 second'"
        copy(cursor, "trials_participant", who, n)
        trial = {"id": "t.id + 100000 * g::bigint", "participant_id": "t.participant_id + 100 * g"}
        copy(cursor, "trials_trial", trial, n)
        answer = {
            "id": "t.id + 100000 * g::bigint",
            "trial_id": "t.trial_id + 100000 * g::bigint",
            "is_accepted": "random() < 0.7",
        }
        copy(cursor, "trials_response", answer, n)
        cursor.execute("SET session_replication_role = DEFAULT")


def world_make(n_people: int) -> Any:
    """Fill the database unless an earlier run has; return the owner of the study."""
    from django.contrib.auth.models import Group, User
    from django.core.management import call_command
    from django.db import connection

    from analysis.models import Summary

    if Summary._meta.db_table in connection.introspection.table_names():
        Summary.objects.all().delete()
        return User.objects.get(username="owner")
    from tests.factories import make_plan, make_study
    from tests.trials.services.test_flags import play
    from trials import services

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    plan = make_plan(n_training=5, n_validation=10, pass_mark=5, n_test=30, n_sets=4)
    study = make_study(plan=plan, n_queries=240)
    owner = User.objects.create(username="owner", is_staff=True)
    owner.groups.add(Group.objects.get(name="researcher"))
    services.study_own(study=study, owner=owner)
    n_templates = study.conditions.count()
    for number in range(n_templates):
        play(study, f"template{number}")
    grow(n_people, n_templates)
    return owner


def median(times: list[float]) -> float:
    """Return the median in ms."""
    return round(statistics.median(times) * 1000, 1)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of some work, and what it returned."""
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


def sessions() -> Iterator[tuple[str, float]]:
    """Let people come in and judge two trials; yield what each request took."""
    from tests.trials.tab import Tab

    for _ in range(N_REQUESTS):
        client = Tab()
        seconds, page = timed(partial(client.get, "/s/trees/"))
        yield "door", seconds
        key = KEY.search(page.text)
        assert key is not None
        form = {"agree": "on", "enrolment_key": key[1]}
        seconds, _ = timed(partial(client.post, "/s/trees/", form))
        yield "enrolment", seconds
        for step in range(4):
            seconds, page = timed(partial(client.get, WAY))
            is_trial = 'name="answer"' in page.text
            if is_trial:
                yield "trial", seconds
            form = {"step": str(step), "answer": "yes"}
            seconds, answer = timed(partial(client.post, WAY, form))
            assert answer.status_code == 302, answer.status_code
            if is_trial:
                yield "answer", seconds


def compute(kind: str) -> dict[str, float]:
    """Do the queued work of a page as a worker does; return its time and this process's peak."""
    from analysis.models import Summary
    from analysis.tasks import summary_build

    jobs = Summary.objects.filter(kind=kind)
    seconds, _ = timed(lambda: [summary_build(pk) for pk in jobs.values_list("pk", flat=True)])
    assert {each.status for each in jobs.all()} <= {"done"}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {f"{kind}_work_s": round(seconds, 1), f"{kind}_peak_mb": round(peak)}


def measure(n_people: int) -> dict[str, float]:
    """Return the medians of participants' requests in ms, and the staff's pages in seconds."""
    from django.test import Client

    from trials.models import Response

    owner = world_make(n_people)
    found: dict[str, list[float]] = {}
    for name, seconds in sessions():
        found.setdefault(name, []).append(seconds)
    said: dict[str, float] = {name: median(times) for name, times in found.items()}
    said["answers_stored"] = Response.objects.count()
    staff = Client()
    staff.force_login(owner)
    for page in PAGES:  # asks for the first state, if the study is large
        assert staff.get(f"/studio/study/trees/{page}/").status_code in {200, 202}
    for kind in ("monitor", "results"):
        command = [sys.executable, "-m", __spec__.name, "--compute", kind]
        said |= json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    for page in PAGES:
        times = [timed(partial(staff.get, f"/studio/study/trees/{page}/"))[0]
                 for _ in range(3)]  # fmt: skip
        said[f"{page}_s"] = round(max(times), 2)
    return said


def inside(part: str) -> None:
    """Do one part in a process that has the site's settings."""
    import django

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    django.setup()
    said = measure(int(part)) if part.isdigit() else compute(part)
    sys.stdout.write(json.dumps(said))


def main() -> None:
    """Measure each size, and print them beside each other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--inside", "--compute", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help="a folder for databases that are kept")
    asked = parser.parse_args()
    if asked.inside:
        inside(asked.inside)
        return
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder: Path = (asked.keep or Path(name)).resolve()
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        server = Postgres(folder)
        if not server.data.exists():
            server.init()
        server.start()
        try:
            for n_people in asked.people:
                rows.append(one_size(server, folder, min(n_people, MOST_PEOPLE)))
        finally:
            server.kill()
    for key in rows[0]:
        sys.stdout.write(f"{key:16}" + "".join(f"{row[key]:>14,}" for row in rows) + "\n")


def one_size(server: Postgres, folder: Path, n_people: int) -> dict[str, float]:
    """Measure one size in a database of its own."""
    with closing(psycopg2.connect(server.url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            name = f"people_{n_people}"
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {name}")
    environment = os.environ | {
        "DATABASE_URL": server.url.removesuffix("postgres") + f"people_{n_people}",
        "DATA_DIR": str(folder / str(n_people)),
        "DJANGO_SETTINGS_MODULE": "study_site.settings",
        "DEBUG": "false",
        "ALLOW_HTTP": "true",
        "ALLOWED_HOSTS": "testserver",
        "SECRET_KEY": "only-for-a-test-of-load-0123456789-abcdefghij",
        "CONSENTS_PER_ADDRESS": "0",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", __spec__.name, "--inside", str(n_people)]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    return {"people": n_people, **json.loads(done.stdout)}


if __name__ == "__main__":
    main()
