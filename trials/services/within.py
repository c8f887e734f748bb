"""Studies within people: the place of the next person, and the trials of a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from trials.models import Condition, Participant, Study, Trial, TrialItem, TrialSet
from trials.services.place_counts import Places
from trials.study import design
from trials.study.design import Phase
from trials.study.layout import (
    Layout,
    set_at,
    start_of,
    training_places,
    validation_places,
)
from trials.study.orders import order_drawn, order_read, order_text, orders_of

Sets = dict[str, dict[int, TrialSet]]


@dataclass(frozen=True, slots=True)
class Seat:
    """What an enrolment gives: a condition and a test set in it, and an order of blocks.

    Without ``is_assigned`` it is a place in the study, and the condition is the common one.
    """

    condition: Condition
    trial_set: TrialSet
    sequence: str = ""
    is_assigned: bool = True


def sequences_of(study: Study) -> list[str]:
    """Return the orders that people are spread over; none where each person's is drawn."""
    plan = study.plan
    return [order_text(each) for each in orders_of(plan.design.order, len(plan.blocks))]


def seat_within(study: Study, held: Places, seed: int) -> Seat:
    """Return the seat of the next person: the least filled order, then the least used sets."""
    plan, arms = study.plan, {each.name: each for each in study.conditions.all()}
    sets = test_sets(study)
    names = {each.pk: each.name for each in arms.values()}
    numbers = {each.pk: each.number for of in sets.values() for each in of.values()}
    orders = sequences_of(study) or [order_text(order_drawn(len(plan.blocks), f"{seed}:blocks"))]

    def own(name: str) -> list[int]:
        return list(sets[arms[name].ai])

    counts: dict[tuple[str, int], int] = {}
    for (condition, trial_set, sequence), n in held.items():
        name = names[condition]
        start = start_of(plan, own(name), numbers[trial_set], name)
        counts[sequence, start] = counts.get((sequence, start), 0) + n
    chosen, start = design.assign_within(
        counts, orders, lambda order: len(own(_first(study, order))), seed
    )
    name = _first(study, chosen)
    number = set_at(plan, own(name), start, name)
    return Seat(arms[name], sets[arms[name].ai][number], chosen)


def _first(study: Study, sequence: str) -> str:
    """Return the first condition of the first block of an order."""
    return study.plan.blocks[order_read(sequence)[0] - 1][0]


def test_sets(study: Study) -> Sets:
    """Return the test sets of each AI by their numbers, ascending."""
    found: Sets = {}
    for each in study.trial_sets.filter(phase=Phase.TEST).order_by("ai", "number"):
        found.setdefault(each.ai, {})[each.number] = each
    return found


def trials_within(participant: Participant) -> Iterator[Trial]:
    """Yield every trial of a person in a study within people, not yet stored."""
    study, layout = participant.study, participant.layout
    assert layout is not None  # noqa: S101 - asked for where people have sequences
    arms = {each.name: each for each in study.conditions.all()}
    before = _items(study.trial_sets.exclude(phase=Phase.TEST))
    for phase, places in (
        (Phase.TRAINING, training_places(study.plan, layout)),
        (Phase.VALIDATION, validation_places(study.plan, layout)),
    ):
        for position, place in enumerate(places):
            chosen = before[arms[place.condition].ai, phase, place.number][place.item]
            yield _trial(participant, layout, arms, phase, position, chosen)
    test = _test_items(participant, arms)
    for position, name in enumerate(layout.test):
        yield _trial(participant, layout, arms, Phase.TEST, position, next(test[name]))


def _trial(
    participant: Participant,
    layout: Layout,
    arms: Mapping[str, Condition],
    phase: Phase,
    position: int,
    prediction: int,
) -> Trial:
    return Trial(
        participant=participant,
        condition=arms[layout.condition(phase, position)],
        phase=phase,
        position=position,
        block=layout.block_at(phase, position),
        prediction_id=prediction,
    )


def _test_items(
    participant: Participant, arms: Mapping[str, Condition]
) -> dict[str, Iterator[int]]:
    """Return the photos of each condition's set, in the person's order."""
    study, mine = participant.study, participant.condition
    sets, plan = test_sets(study), participant.study.plan
    start = start_of(plan, list(sets[mine.ai]), participant.trial_set.number, mine.name)
    own = {
        name: sets[arm.ai][set_at(plan, list(sets[arm.ai]), start, name)]
        for name, arm in arms.items()
    }
    items, found = _items(own.values()), {}
    for name, mine_here in own.items():
        photos = items[mine_here.ai, Phase.TEST, mine_here.number]
        if plan.test.order == "shuffled":
            photos = design.order(photos, f"{participant.seed}:order:{name}")
        found[name] = iter(photos)
    return found


def _items(sets: Iterable[TrialSet]) -> dict[tuple[str, str, int], list[int]]:
    """Return the predictions of some sets by AI, phase and number, in the sets' order."""
    rows = TrialItem.objects.filter(trial_set__in=list(sets))
    found: dict[tuple[str, str, int], list[int]] = {}
    columns = ("trial_set__ai", "trial_set__phase", "trial_set__number", "prediction_id")
    for *key, pk in rows.order_by("trial_set", "position").values_list(*columns):
        found.setdefault(tuple(key), []).append(pk)
    return found
