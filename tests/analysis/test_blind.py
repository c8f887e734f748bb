"""Arms by letters until somebody lifts the blind."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError
from pytest_django import Settings

from analysis.blind import arm_labels, blind_lift, blinded, lift_of
from analysis.models import BlindLift
from analysis.stats.analysis_sets import RELIANCE
from analysis.tables.tables import tables_of
from tests.analysis.people import make_study
from tests.analysis.result_tables import SIX, make_tables
from tests.analysis.simulated import declared, simulate
from trials.models import Study


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
    assert set(tables) == {"measures", "accuracy_by", "times", "exclusions"}
    assert set(tables["accuracy_by"]["factor"]) == {"ai", "position"}
    written = "".join(table.to_csv() for table in tables.values())
    assert not [name for name in SIX if name in written]


def test_blinded_rows_are_in_the_order_of_the_letters() -> None:
    arms = blinded(make_tables(), labels())["times"]["condition"]
    assert list(dict.fromkeys(arms)) == list(labels().values())


def test_a_blinded_arm_tells_no_number_of_people_and_exclusions_are_of_all_arms() -> None:
    tables = blinded(make_tables(rule="accuracy<=50"), labels())
    for name in ("measures", "accuracy_by", "times"):
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
