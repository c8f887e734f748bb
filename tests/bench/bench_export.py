"""How long an export takes and how much memory: a million made-up answers in SQLite

Each part is a process of its own, so that its peak is its own: the database is filled, exported by
`export_study`, and the export's script is run without the database. Peak memory is ru_maxrss.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # started as a file, it finds the packages

N_TRIALS, N_PHOTOS, PEOPLE_AT_ONCE, GOAL_MB = 30, 6_000, 500, 1_000
START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def django_setup() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "study_site.settings")
    django.setup()


def fill(n_rows: int) -> None:
    """Put a study of six arms and ``n_rows`` test answers into an empty database."""
    from django.core.management import call_command
    from tqdm import tqdm

    call_command("migrate", verbosity=0)
    arms = study_make()
    n_people = -(-n_rows // N_TRIALS)
    rng = random.Random(1)
    with tqdm(total=n_people, desc="people", mininterval=10) as bar:
        for start in range(0, n_people, PEOPLE_AT_ONCE):
            n = min(PEOPLE_AT_ONCE, n_people - start)
            people_add(arms, range(start, start + n), rng)
            bar.update(n)


def study_make() -> list[tuple[Any, Any, list[int]]]:
    """Make the study; return its arms with their test set and predictions."""
    from classifiers.models import Category, Dataset, Gallery, Image, Prediction, PredictionRun
    from trials.models import Condition, Study, TrialSet
    from trials.study.plan import StudyPlan

    dataset = Dataset.objects.create(slug="bench", root="/nowhere")
    kinds = Category.objects.bulk_create(
        Category(dataset=dataset, name=f"k{n:03d}", label=f"kind {n}", index=n) for n in range(200)
    )
    images = Image.objects.bulk_create(
        Image(
            dataset=dataset, category=kinds[n % 200], split="query", width=9, height=9,
            source=f"query/k{n % 200:03d}/photo{n:06d}.jpg",
            sha256=hashlib.sha256(f"{n}".encode()).hexdigest(),
        )
        for n in range(N_PHOTOS)
    )  # fmt: skip
    plan = StudyPlan.from_json({"title": "Bench", "seed": 1})
    study = Study.objects.create(
        slug="bench", dataset=dataset, document=plan.document, document_sha256=plan.sha256
    )
    gallery = Gallery.objects.create(dataset=dataset, backbone="tiny")
    runs: dict[str, Any] = {}
    arms = []
    for position, each in enumerate(plan.conditions):
        if each.classifier not in runs:
            run = PredictionRun.objects.create(gallery=gallery, classifier=each.classifier)
            n_votes = None if each.classifier == "softmax" else 17
            Prediction.objects.bulk_create(
                Prediction(
                    run=run, image=image, category=kinds[(n + n % 2) % 200], confidence=0.85,
                    n_votes=n_votes, n_voters=n_votes and 20,
                )
                for n, image in enumerate(images)
            )  # fmt: skip
            pks = list(Prediction.objects.filter(run=run).values_list("pk", flat=True))
            trial_set = TrialSet.objects.create(study=study, run=run, phase="test", number=1)
            runs[each.classifier] = (run, trial_set, pks)
        run, trial_set, pks = runs[each.classifier]
        arm = Condition.objects.create(
            study=study, name=each.name, position=position, run=run, view_name=each.view
        )
        arms.append((arm, trial_set, pks))
    return arms


def people_add(arms: list[tuple[Any, Any, list[int]]], numbers: range, rng: random.Random) -> None:
    """Add people who answered every trial of the test."""
    from django.db import transaction

    from trials.models import Participant, Response, Trial

    chosen = [arms[number % len(arms)] for number in numbers]
    with transaction.atomic():
        people = Participant.objects.bulk_create(
            Participant(
                study=arm.study, condition=arm, trial_set=trial_set, number=number + 1,
                enrolment_key=str(number), seed=number, status="completed", code="C1",
                consented_at=START, last_seen_at=START, finished_at=START + timedelta(hours=1),
            )
            for number, (arm, trial_set, _) in zip(numbers, chosen, strict=True)
        )  # fmt: skip
        trials = Trial.objects.bulk_create(
            Trial(
                participant=person, condition_id=person.condition_id, phase="test", position=n,
                prediction_id=pk, presented_at=START,
            )
            for person, (_, _, pks) in zip(people, chosen, strict=True)
            for n, pk in enumerate(rng.sample(pks, N_TRIALS))
        )  # fmt: skip
        Response.objects.bulk_create(
            Response(
                trial=trial, is_accepted=rng.random() < 0.7, rt_ms=rng.randrange(900, 20_000),
                received_at=START + timedelta(seconds=20 * trial.position + 9),
            )
            for trial in trials
        )  # fmt: skip


def parts(folder: Path, n_rows: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the command of each part."""
    python, here, manage = sys.executable, str(Path(__file__)), str(ROOT / "manage.py")
    yield "fill", [python, here, "--rows", str(n_rows), "--fill"]
    yield "export", [python, manage, "export_study", "bench", "--out", str(folder / "out")]
    yield "script", [python, "-I", str(folder / "out" / "analyse.py")]


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; return its wall time in seconds and its peak memory in MB."""
    environment = {**os.environ, "DATA_DIR": str(folder), "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", help="where the database goes; default: the temporary folder")
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        django_setup()
        fill(options.rows)
        return
    table = []
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for part, command in parts(Path(name), options.rows):
            table.append((part, *measured(command, Path(name))))
        size = sum(path.stat().st_size for path in (Path(name) / "out").rglob("*")) / 1e6
    print(f"{options.rows:,} answers; the export has {size:.0f} MB")
    print(f"{'part':8}  {'seconds':>8}  {'rows/s':>9}  {'peak MB':>8}  goal  ok")
    for part, seconds, peak in table:
        goal = "" if part == "fill" else f"<{GOAL_MB} {'yes' if peak < GOAL_MB else 'NO'}"
        print(f"{part:8}  {seconds:8.1f}  {options.rows / seconds:9,.0f}  {peak:8.0f}  {goal}")


if __name__ == "__main__":
    main()
