"""Arms by letters until somebody lifts the blind."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from pandas import DataFrame, concat
from pytest_django import Settings

from analysis.blind import (
    NothingToLift,
    arm_labels,
    blind_lift,
    blinded,
    first_of_each_arm,
    lift_of,
)
from analysis.models import BlindLift
from analysis.stats.analysis_sets import RELIANCE
from analysis.tables.tables import tables_of
from tests.analysis.people import make_study
from tests.analysis.result_tables import SIX, make_tables
from tests.analysis.simulated import declared, simulate
from trials.models import Study
from trials.services.studies import study_delete


def labels(pk: int = 1) -> dict[str, str]:
    """Return the letters of the six conditions in some study."""
    return arm_labels(Study(pk=pk, document_sha256="a"), SIX)


def test_arms_get_letters_without_a_gap() -> None:
    assert list(labels().values()) == [f"Arm {letter}" for letter in "ABCDEF"]
    assert set(labels()) == set(SIX)


def test_every_study_has_an_order_of_its_own_that_stays() -> None:
    orders = [tuple(labels(pk)) for pk in range(20)]
    assert len(set(orders)) > 15
    assert orders == [tuple(labels(pk)) for pk in range(20)]


def test_any_arm_may_be_the_first() -> None:
    assert {next(iter(labels(pk))) for pk in range(60)} == set(SIX)


def test_the_order_needs_the_site_s_secret(settings: Settings) -> None:
    orders = []
    for n in range(10):
        settings.SECRET_KEY = f"secret {n}"
        orders.append(tuple(labels()))
    assert len(set(orders)) > 7


def test_beyond_26_arms_letters_double() -> None:
    many = arm_labels(Study(pk=1), [f"c{n}" for n in range(28)])
    assert list(many.values())[25:] == ["Arm Z", "Arm AA", "Arm AB"]


def test_blinded_tables_name_no_condition_and_none_that_tells_of_the_ai() -> None:
    tables = blinded(make_tables(rule="accuracy<=50"), labels())
    assert set(tables) == {"measures", "accuracy_by", "exclusions"}
    assert set(tables["accuracy_by"]["factor"]) == {"ai", "position"}
    written = "".join(table.to_csv() for table in tables.values())
    assert not [name for name in SIX if name in written]


def test_blinded_tables_within_people_do_not_tell_the_places_of_an_arm() -> None:
    tables = blinded(make_tables(), labels(), is_within=True)
    assert set(tables["accuracy_by"]["factor"]) == {"ai"}


@pytest.mark.parametrize("name", ["rational", "imrmc"])
def test_what_names_the_ai_of_an_arm_waits_for_the_lift(name: str) -> None:
    tables = make_tables()
    assert name not in blinded(tables | {name: tables["team"]}, labels())


def test_blinded_rows_are_in_the_order_of_the_letters() -> None:
    arms = blinded(make_tables(), labels())["accuracy_by"]["condition"]
    assert list(dict.fromkeys(arms)) == list(labels().values())


def test_a_blinded_arm_tells_no_number_of_people_and_exclusions_are_of_all_arms() -> None:
    tables = blinded(make_tables(rule="accuracy<=50"), labels())
    for name in ("measures", "accuracy_by"):
        assert tables[name][["n_participants", "n_trials"]].isna().all(axis=None)
    (row,) = tables["exclusions"].to_dict("records")
    assert (row["condition"], row["n_participants"], row["n_excluded"]) == ("All arms", 261, 6)


def test_blinded_numbers_are_those_of_the_conditions() -> None:
    tables = make_tables()
    told = blinded(tables, labels())["measures"].set_index(["condition", "measure"])["estimate"]
    shown = tables["measures"][~tables["measures"]["measure"].isin(RELIANCE)]
    assert len(told) == len(shown) < len(tables["measures"])
    for _, row in shown.iterrows():
        assert told[labels()[row["condition"]], row["measure"]] == row["estimate"]


def test_no_blinded_number_is_missing_in_an_unaided_arm_alone() -> None:
    frames = simulate(6)
    tables = tables_of(frames.responses, frames.people, frames.items, declared())
    names = {name: f"Arm {n}" for n, name in enumerate(declared().names)}
    for table in blinded(tables, names).values():
        if "condition" not in table or "analysed" not in table:
            continue
        missing = table.set_index("condition").isna().groupby(level=0).sum()
        assert len(missing.drop_duplicates()) == 1


@pytest.fixture
def sam() -> User:
    """Return someone on the staff."""
    return User.objects.create(username="sam", is_staff=True)


@pytest.mark.django_db
def test_a_lift_says_who_and_when_and_the_first_one_stays(sam: User) -> None:
    study = make_study()
    assert lift_of(study) is None
    first = blind_lift(study=study, user=sam)
    assert blind_lift(study=study, user=User.objects.create(username="pat")) == first
    stored = BlindLift.objects.get()
    assert (stored.user, stored.at) == (sam, first.at)


@pytest.mark.django_db
def test_a_lift_is_neither_changed_nor_deleted(sam: User) -> None:
    lift = blind_lift(study=make_study(), user=sam)
    with pytest.raises(TypeError, match="never changed or deleted"):
        lift.save()
    with pytest.raises(TypeError, match="never changed or deleted"):
        lift.delete()
    with pytest.raises(ProtectedError):
        sam.delete()
    assert BlindLift.objects.count() == 1


@pytest.mark.django_db
def test_a_second_row_of_a_stage_is_refused_by_the_database(sam: User) -> None:
    study = make_study()
    blind_lift(study=study, user=sam)
    with pytest.raises(IntegrityError), transaction.atomic():
        BlindLift.objects.bulk_create([BlindLift(study=study, stage="live", user=sam)])
    assert "blind_lift_once_a_stage" in {
        constraint.name for constraint in BlindLift._meta.constraints
    }
    assert blind_lift(study=study, user=sam, stage="pilot").stage == "pilot"


def draft() -> Study:
    """Return a study that nobody has seen."""
    study = make_study()
    Study.objects.update(status="draft", frozen_sha256="", frozen_at=None)
    study.refresh_from_db()
    return study


@pytest.mark.django_db
def test_a_draft_has_no_blind_to_lift(sam: User) -> None:
    with pytest.raises(NothingToLift, match="is a draft, expected a frozen study"):
        blind_lift(study=draft(), user=sam)


@pytest.mark.django_db
def test_a_draft_whose_blind_an_earlier_version_lifted_can_be_deleted(sam: User) -> None:
    study = draft()
    study.conditions.all().delete()
    BlindLift.objects.create(study=study, user=sam)
    study_delete(study=study)
    assert not Study.objects.exists()
    assert not BlindLift.objects.exists()


@pytest.mark.django_db
def test_a_study_with_a_lift_that_people_may_have_seen_stays(sam: User) -> None:
    study = make_study()
    blind_lift(study=study, user=sam)
    with pytest.raises(ProtectedError):
        study.delete()


def people(*rows: tuple[str, str, str, str]) -> DataFrame:
    names = ["participant_id", "condition", "status", "finished_at"]
    return DataFrame(rows, columns=names)


def test_behind_the_letters_stand_equally_many_people_of_every_arm() -> None:
    rows = people(
        ("p1", "a", "completed", "2026-01-03"), ("p2", "a", "completed", "2026-01-01"),
        ("p3", "a", "completed", "2026-01-02"), ("p4", "b", "completed", "2026-01-09"),
        ("p5", "b", "active", ""), ("p6", "b", "completed", "2026-01-08"),
    )  # fmt: skip
    assert sorted(first_of_each_arm(rows, ["a", "b"])["participant_id"]) == ["p2", "p3", "p4", "p6"]
    assert first_of_each_arm(rows, ["a", "b", "c"]).empty


def test_somebody_more_in_one_arm_changes_no_arm() -> None:
    rows = people(("p1", "a", "completed", "1"), ("p2", "b", "completed", "2"))
    more = concat([rows, people(("p3", "a", "completed", "3"))])
    names = ["a", "b"]
    assert first_of_each_arm(more, names).equals(first_of_each_arm(rows, names))
