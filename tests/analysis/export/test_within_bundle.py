"""A study within people from its first robot to its tables: 40 robots, of whom a third leave."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd
import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from analysis.blind import blind_lift
from analysis.export.export_bundle import bundle_write
from analysis.results.live import Asked, live_results
from analysis.rows.overview import declared_of
from analysis.tables import rerun
from analysis.tables.recompute import data_files, frames_read
from tests.trials.within import within
from trials.models import Participant, Study, Trial
from trials.simulation.behaviour import Behaviour
from trials.simulation.robots import Robot, play

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database,
    pytest.mark.usefixtures("_no_pictures"),
]
N, ORDERS = 40, ["unaided, then EMD-Corr", "EMD-Corr, then unaided"]
PEOPLE = Behaviour(0.1, 0.9, learning=1.5)
LEAVING = set(random.Random(1).sample(range(N), N // 3))


def played() -> Study:
    """Let 40 robots take part one after the other; a third leave anywhere in the session."""
    study = within(stages=[{"kind": "test", "n": 2, "n_sets": 4}], n_queries=20)
    for number in range(N):
        rng = random.Random(number)
        robot = Robot(PEOPLE.accept_right, PEOPLE.accept_wrong, learning=PEOPLE.learning)
        play(study, robot, rng, leaves_at=0.7 * rng.random() if number in LEAVING else None)
    return study


def moments(study: Study) -> list[Counter[str]]:
    """Return how many people held a place in each order after everyone who came or left."""
    people = Participant.objects.filter(study=study)
    happened = [(person.consented_at, person.sequence, 1) for person in people]
    happened += [(person.finished_at, person.sequence, -1) for person in people
                 if person.finished_at and person.status == "returned"]  # fmt: skip
    held, found = Counter({"1 2": 0, "2 1": 0}), []
    for _, sequence, change in sorted(happened):
        held[sequence] += change
        found.append(Counter(held))
    return found


def test_forty_robots_of_whom_a_third_leave(tmp_path: Path) -> None:
    study = played()
    at = moments(study)
    assert len(at) == N + len(LEAVING)
    assert max(abs(held["1 2"] - held["2 1"]) for held in at) <= 1
    for person in Participant.objects.all():
        seen = list(person.trials.values_list("prediction__image", flat=True))
        assert len(set(seen)) == len(seen) == 4
    bundle_write(study, tmp_path, include_simulated=True)
    _check_rows(tmp_path)
    _check_tables(tmp_path)
    assert rerun.main(tmp_path, ["--no-figures"]) == 0
    _check_page(study)


def _check_rows(folder: Path) -> None:
    """The answers have the condition, block and set of their trial."""
    frames = frames_read(data_files(folder))
    trials = Trial.objects.filter(phase="test", responses__isnull=False)
    expected = Counter(trials.values_list("condition__name", "block"))
    answers = frames.responses
    assert Counter(zip(answers["condition"], answers["block"], strict=True)) == expected
    assert set(frames.participants["block_order"]) == set(ORDERS)
    places = frames.items.set_index("item_id")["trial_set"].to_dict()
    assert [places[item] for item in answers["item_id"]] == answers["trial_set"].tolist()


def _check_tables(folder: Path) -> None:
    """The flow counts orders; differences are those of the same people."""
    flow = pd.read_csv(folder / "consort.csv", keep_default_na=False)
    whole = flow[flow["reason"] == ""].pivot(
        index="count", columns="condition", values="n_participants"
    )
    assert list(dict.fromkeys(flow["condition"])) == ORDERS
    assert whole.loc["consented"].sum() == N
    assert whole.loc["returned"].sum() == len(LEAVING)
    assert whole.loc["completed"].sum() == whole.loc["analysed"].sum() == N - len(LEAVING)
    table = pd.read_csv(folder / "tables/accuracy.csv")
    accuracy = table[table["analysed"] == "kept"]
    assert accuracy["n_participants"].tolist() == [N - len(LEAVING)] * 2
    answers = pd.read_csv(next((folder / "data").glob("*-responses*_data.csv")))
    done = answers[answers["participant_status"] == "completed"]
    own = done.groupby(["condition", "participant_id"])["is_correct"].mean()
    assert accuracy.set_index("condition")["accuracy_mean"].to_dict() == pytest.approx(
        (100 * own.groupby("condition").mean()).to_dict()
    )
    _check_learning(pd.read_csv(folder / "tables/accuracy_by.csv"))
    text = (folder / "tables/mixed_model.txt").read_text()
    assert "(1 | participant : condition)" in text


def _check_learning(table: pd.DataFrame) -> None:
    """The accuracy by block is that of people who learn as planted, within 4.6 standard errors."""
    rows = table[(table["factor"] == "block") & (table["analysed"] == "kept")]
    assert rows["n_trials"].sum() == 4 * (N - len(LEAVING))
    for level, places in ((1, (0, 1)), (2, (2, 3))):
        own = rows[rows["level"] == str(level)]
        planted = fmean(PEOPLE.after(place).measures()["accuracy"] for place in places)
        seen = np.average(own["accuracy_pooled"], weights=own["n_trials"])
        assert seen == pytest.approx(planted, abs=25)


def _check_page(study: Study) -> None:
    """The results page counts everybody once, blinded and then with the orders of blocks."""
    assert declared_of(study)["orders"] == ORDERS
    asked = Asked(include_simulated=True)
    blinded = live_results(study, asked)
    assert blinded.progress[0].n_completed == blinded.n_each == N - len(LEAVING)
    assert set(blinded.tables["accuracy_by"]["condition"]) == {"Arm A", "Arm B"}
    assert set(blinded.tables["accuracy_by"]["factor"]) == {"ai"}
    lea, staff = User.objects.create(username="lea", is_staff=True, is_superuser=True), Client()
    staff.force_login(lea)
    hidden = staff.get("/studio/study/trees/results/", {"simulated": "1"})
    assert hidden.status_code == 200
    assert ORDERS[1] not in hidden.content.decode()
    cache.clear()
    blind_lift(study=study, user=lea)
    shown = live_results(study, asked)
    flow = shown.tables["consort"]
    assert list(dict.fromkeys(flow["condition"])) == ORDERS
    page = staff.get("/studio/study/trees/results/", {"simulated": "1"})
    assert page.status_code == 200
    assert ORDERS[1] in page.content.decode()
