"""The demo study: ELPV's photos, four classifiers, eight conditions."""

from __future__ import annotations

import csv
import importlib.util
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from tqdm import tqdm

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.management.commands._progress import wait_for
from classifiers.models import Dataset, PredictionRun
from classifiers.services import queueing
from trials import services
from trials.models import Participant, Study
from trials.ready_made import ready_made
from trials.simulation.robots import Robot, play, robots_remove_unfinished
from trials.study.plan import StudyPlan

Stage = Callable[[int, str], None]

DATASET, STUDY, BACKBONE = "elpv", "demo", "efficientnet-lite0"
SEED = 2022  # of the split and of the simulated people
QUERY_SHARE = 0.13

CATEGORIES = {
    ("mono", 0): (
        "mono_functional",
        "functional monocrystalline cell",
        "One uniform crystal, often with cut corners, that glows evenly. Faint lines are normal.",
    ),
    ("mono", 1): (
        "mono_defective",
        "defective monocrystalline cell",
        "One uniform crystal with cracks, dark areas or broken lines: parts that do not glow.",
    ),
    ("poly", 0): (
        "poly_functional",
        "functional polycrystalline cell",
        "A mosaic of many crystals with dark seams. The cell as a whole glows evenly.",
    ),
    ("poly", 1): (
        "poly_defective",
        "defective polycrystalline cell",
        "A mosaic of many crystals, with cracks or dark areas that do not follow their seams.",
    ),
}

PLAN = StudyPlan.from_json(ready_made("demo"))


def migrate() -> None:
    """Bring the database up to date."""
    call_command("migrate", verbosity=0)


def collect_static() -> None:
    """Gather styles and scripts under names that carry their hash."""
    call_command("collectstatic", verbosity=0, interactive=False)


def staff_user(password: str) -> None:
    """Create the staff login, or reset its password to the one that the demo prints."""
    users = get_user_model().objects
    user = users.filter(username="staff").first() or users.create_superuser("staff")
    if not user.check_password(password):
        user.set_password(password)
        user.save()


def photos_arrange(root: Path) -> None:
    """Link ELPV's photos with sure labels as ``ROOT/all/<category>/<file>``.

    A label is sure if all experts agreed: defect probability 0 or 1.
    """
    spec = importlib.util.find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        raise SystemExit("The demo's photos are missing. Run: make demo")
    source = Path(spec.origin).parent / "data"
    root.mkdir(parents=True, exist_ok=True)
    with (root / "categories.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("folder", "label", "definition"), *CATEGORIES.values()])
    for line in (source / "labels.csv").read_text(encoding="utf-8").splitlines():
        name, probability, kind = line.split()
        if float(probability) in (0.0, 1.0):
            folder = root / "all" / CATEGORIES[kind, int(float(probability))][0]
            folder.mkdir(parents=True, exist_ok=True)
            link = folder / Path(name).name
            if not link.exists():
                link.unlink(missing_ok=True)
                link.symlink_to(source / name)


def prepare(stage: Stage, *, n_robots: int, look: Callable[[], None]) -> None:
    """Go through every stage from the photos to the simulated people."""
    stage(2, "Photos: 2,223 solar cells of the ELPV set (CC BY-NC-SA 4.0)")
    dataset = dataset_ready()
    stage(3, "Features: EfficientNet-Lite0 on the Celery worker")
    gallery = queueing.gallery_request(dataset=dataset, backbone=BACKBONE)
    wait_for([gallery], "gallery", look=look)
    stage(4, "Predictions on the Celery worker: softmax, kNN, EMD-Corr; then CHM-Corr (minutes)")
    names = list(dict.fromkeys(condition.classifier for condition in PLAN.conditions))
    slow = [name for name in names if CLASSIFIERS[name].needs_matcher]
    fast = [name for name in names if name not in slow]
    ask = partial(queueing.runs_request, gallery=gallery, has_maps=True)
    runs = ask(classifiers=fast)
    chosen = {condition.classifier: condition.parameters for condition in PLAN.conditions}
    slow_runs = [run for name in slow for run in ask(classifiers=[name], parameters=chosen[name])]
    wait_for(runs, "predictions", look=look)
    wait_for(slow_runs, "CHM-Corr", look=look)
    runs += slow_runs
    stage(5, f"Study: {len(PLAN.conditions)} conditions, test sets half right and half wrong")
    study = study_ready(dataset, runs)
    stage(6, f"Simulated people: {n_robots}, through the real pages")
    people_play(study, n_robots)


def dataset_ready() -> Dataset:
    """Import the photos; at once when they are all in."""
    dataset = Dataset.objects.filter(slug=DATASET).first()
    n_sure = 2223
    if dataset is None or dataset.images.count() < n_sure:
        root = Path(settings.DATA_DIR) / "elpv"
        photos_arrange(root)
        options = {"query_share": QUERY_SHARE, "split_seed": SEED}
        call_command("import_dataset", DATASET, str(root), **options)
        dataset = Dataset.objects.get(slug=DATASET)
    return dataset


def study_ready(dataset: Dataset, runs: list[PredictionRun]) -> Study:
    """Create and open the study, unless it is there."""
    study = Study.objects.filter(slug=STUDY).first()
    if study is None:
        study = services.study_create(slug=STUDY, dataset=dataset, plan=PLAN, runs=runs)
    if study.status == Study.Status.DRAFT:
        services.study_open(study=study)
    return study


def people_play(study: Study, n_robots: int) -> None:
    """Let robots finish the study until enough have."""
    robots_remove_unfinished(study)
    done = Participant.objects.filter(
        study=study, is_simulated=True, status=Participant.Status.COMPLETED
    ).count()
    for number in tqdm(range(done, n_robots), desc="simulated people"):
        play(study, Robot(), random.Random(f"{SEED}:demo:{number}"))
