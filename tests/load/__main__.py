"""``make load``: simulated people with think time on a site of their own.

The last lines are the measures; the exit status is 1 if an answer that the site confirmed is not
stored exactly once. ``--root`` takes another checkout of the site, to compare.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from study_site.demo.bootstrap import ROOT
from tests.load.people import Person, Times
from tests.load.servers import Postgres, Site, cpu_seconds, servers

MEMORY = 2 * 2**30  # bytes of this process
AT_THE_DOOR = 8  # people who enter at once, before the measuring begins
MOST_PEOPLE, MOST_SECONDS = 5000, 1800
WORLD = Path(__file__).with_name("world.py")


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def measures(times: Times) -> list[str]:
    """Return the lines of the times, in milliseconds."""
    lines = []
    for name, values in (("answer", times.answer), ("page", times.page)):
        shares = " ".join(f"p{n}={1000 * percentile(values, n / 100):.0f}" for n in (50, 95, 99))
        lines.append(f"{name} {shares} ms")
    return lines


async def enter_all(people: Sequence[Person]) -> None:
    """Let everybody come in, a few at once."""
    gate = asyncio.Semaphore(AT_THE_DOOR)

    async def come(person: Person) -> None:
        async with gate:
            await person.enter()

    await asyncio.gather(*map(come, people))


async def play(people: Sequence[Person], think_s: float, seconds: float) -> None:
    """Let everybody answer for some seconds."""
    until = asyncio.get_running_loop().time() + seconds
    await asyncio.gather(*(person.go(until, think_s) for person in people))


def lost_and_doubled(site: Site, people: Sequence[Person]) -> tuple[int, int]:
    """Compare what was confirmed with what is stored: answers lost or changed, and twice there."""
    found = json.loads(site.manage(str(WORLD), "ledger"))
    lost = 0
    for person in people:
        stored = found["answers"].get(person.key, [])
        lost += sum(
            is_yes != stored[place] if place < len(stored) else True
            for place, is_yes in enumerate(person.confirmed)
        )
    return lost, found["doubled"]


def load(arguments: argparse.Namespace) -> int:
    """Run one test and print its measures."""
    folder = Path(tempfile.mkdtemp(prefix="study-load-"))
    folder.chmod(0o755)
    try:
        with servers(folder, arguments.root, database=arguments.database) as (site, postgres, _):
            return run(site, postgres, arguments)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(site: Site, postgres: Postgres | None, arguments: argparse.Namespace) -> int:
    """Make the study, let people in, measure, and compare with the database."""
    n_test = int(1.5 * arguments.seconds / arguments.think) + 10
    site.manage(str(WORLD), "make", str(n_test + n_test % 2))
    site.start()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # not of the servers
    times = Times()
    people = [Person(number, site.port, times) for number in range(arguments.people)]
    asyncio.run(enter_all(people))
    say(f"{len(people)} people are in; {len(times.errors)} errors on the way.")
    for person in people:
        person.is_measured = True
    before = cpu_of(site, postgres)
    begun, own = time.monotonic(), time.process_time()
    asyncio.run(play(people, arguments.think, arguments.seconds))
    taken = time.monotonic() - begun
    cpu = [now - then for now, then in zip(cpu_of(site, postgres), before, strict=True)]
    n = max(1, len(times.answer))
    say(
        f"{n} cycles, {n / taken:.1f}/s; CPU of a cycle: application {1000 * cpu[0] / n:.1f}, "
        f"database {1000 * cpu[1] / n:.1f}, clients {1000 * (time.process_time() - own) / n:.1f} ms"
    )
    lost, doubled = lost_and_doubled(site, people)
    for what, count in Counter(times.errors).most_common(5):
        say(f"  {count} x {what}")
    for line in measures(times):
        say(line)
    say(f"errors={len(times.errors)} lost={lost} doubled={doubled}")
    return int(bool(lost or doubled))


def cpu_of(site: Site, postgres: Postgres | None) -> tuple[float, float]:
    """Return the CPU seconds of the application and of the database until now."""
    return cpu_seconds(site.pid), cpu_seconds(postgres.pid) if postgres else 0.0


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--think", type=float, default=10.0, help="seconds, mean")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--root", type=Path, default=ROOT, help="another checkout of the site")
    arguments = parser.parse_args()
    if not (0 < arguments.people <= MOST_PEOPLE and 0 < arguments.seconds <= MOST_SECONDS):
        parser.error(f"expected up to {MOST_PEOPLE} people and {MOST_SECONDS} seconds")
    return load(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
