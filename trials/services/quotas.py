"""Places in arms: the counts that assign people to arms and explain the assignment."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from trials.models import Condition, Participant, Study, mode_of
from trials.services.place_counts import Places, is_holding, n_waiting, places_of
from trials.services.refusals import StudyFull, StudyNotOpen
from trials.services.within import Seat, seat_within
from trials.study import design
from trials.study.assignment import NOT_ASSIGNED
from trials.study.design import Phase
from trials.study.groups import group_of, groups_of

Status = Participant.Status


@dataclass(frozen=True, slots=True)
class ArmPlaces:
    """The people of one arm, each counted once, and the arm's places.

    In a study within people an arm is an order of blocks, and its condition is the first one.
    ``silent`` are under way, but were not seen within the idle time or are past the time limit:
    their place is free for others. If they come back and finish, ``beyond`` is the number of people
    over the arm's quota. Without ``is_arm`` they are the people who are not assigned to an arm.
    """

    name: str
    condition: Condition
    quota: int
    completed: int
    under_way: int
    silent: int
    failed_validation: int
    failed_attention: int
    timed_out: int
    returned: int
    withdrawn: int
    is_arm: bool = True

    @property
    def held(self) -> int:
        """Places that are taken."""
        return self.completed + self.under_way

    @property
    def free(self) -> int | None:
        """Places that a new person may take; None where there is no quota, 0 when switched off."""
        if not self.condition.is_on:
            return 0
        return max(0, self.quota - self.held) if self.quota else None

    @property
    def beyond(self) -> int:
        """People above the quota: they came back after another person had taken their place."""
        return max(0, self.held - self.quota) if self.quota else 0


def places_held(
    study: Study, people: QuerySet[Participant], now: datetime
) -> QuerySet[Participant]:
    """Return the members of ``people`` who hold a place: completed, or under way and not silent."""
    return people.filter(Q(status=Status.COMPLETED) | is_holding(study, now))


def place_for(study: Study, *, is_simulated: bool, seed: int, now: datetime) -> Seat:
    """Return the place of the next person. Robots are counted apart.

    Between people it is an arm and a test set in it, within people an order of blocks as well.
    Where people are assigned after the validation, it is a place in the study.

    Raises ``StudyFull``, or ``StudyNotOpen`` if no arm takes people, so that no place can become
    free.
    """
    arms = {each.pk: each for each in study.conditions.filter(is_on=True)}
    if not arms:
        raise StudyNotOpen("Every arm of this study is switched off.")
    completed, counted = places_of(study, stage=mode_of(study), is_simulated=is_simulated, now=now)
    if study.plan.design.is_within:
        quota = max(each.quota for each in arms.values())
        if quota and counted.total() >= quota:
            raise StudyFull(is_for_good=completed.total() >= quota)
        return seat_within(study, counted, seed)
    if study.plan.common is not None:
        n = n_waiting(study, stage=mode_of(study), is_simulated=is_simulated, now=now)
        seat = _seat_before(study) if n < _n_free(arms.values(), counted) else None
    else:
        seat = _seat_in(study, arms, counted, {pk: each.quota for pk, each in arms.items()}, seed)
    if seat is None:
        raise StudyFull(is_for_good=_has_all(completed, arms.values()))
    return seat


def place_after(participant: Participant, now: datetime) -> Seat:
    """Return the place of a person who passed the validation, in the least filled arm.

    Nobody is refused here: if no arm has a free place, because someone came back after a long
    silence, the person is beyond the quota.
    """
    study, seed = participant.study, participant.seed
    arms = {each.pk: each for each in study.conditions.all()}
    arms = {pk: each for pk, each in arms.items() if each.is_on} or arms
    _, counted = places_of(
        study, stage=participant.stage, is_simulated=participant.is_simulated, now=now
    )
    quotas = {pk: each.quota for pk, each in arms.items()}
    seat = _seat_in(study, arms, counted, quotas, seed)
    seat = seat or _seat_in(study, arms, counted, dict.fromkeys(quotas, 0), seed)
    assert seat is not None  # noqa: S101 - without quotas every arm has places
    return seat


def _seat_in(
    study: Study,
    arms: Mapping[int, Condition],
    counted: Places,
    quotas: Mapping[int, int],
    seed: int,
) -> Seat | None:
    """Return a place in the least filled arm below its quota, in its least filled test set."""
    sets = {each.pk: each for each in study.trial_sets.filter(phase=Phase.TEST)}
    held = {
        (arm.pk, each.pk): 0 for arm in arms.values() for each in sets.values() if each.ai == arm.ai
    }
    held |= {(arm, each): n for (arm, each, _), n in counted.items() if arm in arms}
    place = design.assign(held, quotas, seed)
    return None if place is None else Seat(arms[place[0]], sets[place[1]])


def _seat_before(study: Study) -> Seat:
    """Return a place in the study, before the assignment: the condition is the common one."""
    common = common_condition(study)
    sets = study.trial_sets.filter(phase=Phase.TEST, ai=common.ai)
    return Seat(common, sets.order_by("number")[0], is_assigned=False)


def common_condition(study: Study) -> Condition:
    """Return the condition whose screens everybody sees before the assignment."""
    assert study.plan.common is not None  # noqa: S101 - asked for in studies that have one
    return study.conditions.get(name=study.plan.common.name)


def _n_free(arms: Iterable[Condition], counted: Places) -> float:
    """Return how many people the arms can still take; infinity if one has no quota."""
    held: Counter[int] = Counter()
    for (condition, _, _), n in counted.items():
        held[condition] += n
    return sum(max(0, arm.quota - held[arm.pk]) if arm.quota else math.inf for arm in arms)


def _has_all(completed: Places, arms: Iterable[Condition]) -> bool:
    """Say whether all required people have completed."""
    counts: Counter[int] = Counter()
    for (condition, _, _), n in completed.items():
        counts[condition] += n
    return all(counts[arm.pk] >= arm.quota for arm in arms)


def arm_places(study: Study, *, stage: str, is_simulated: bool = False) -> list[ArmPlaces]:
    """Return the places of every arm in order, of one stage, robots apart. Three queries."""
    people = Participant.objects.filter(study=study, stage=stage, is_simulated=is_simulated)
    keys, plan = ("condition__name", "sequence", "is_assigned"), study.plan
    rows = people.values_list(*keys, "status").annotate(n=Count("pk")).order_by()
    counts: Counter[tuple[str, str]] = Counter()
    for condition, sequence, is_assigned, status, n in rows:
        counts[group_of(plan, condition, sequence, is_assigned=is_assigned), status] += n
    active = people.filter(is_holding(study, timezone.now())).values_list(*keys)
    seen: Counter[str] = Counter()
    for condition, sequence, is_assigned, n in active.annotate(n=Count("pk")).order_by():
        seen[group_of(plan, condition, sequence, is_assigned=is_assigned)] += n
    return [
        ArmPlaces(
            name=name,
            condition=condition,
            quota=quota,
            completed=counts[name, Status.COMPLETED],
            under_way=seen[name],
            silent=counts[name, Status.ACTIVE] - seen[name],
            failed_validation=counts[name, Status.FAILED_VALIDATION],
            failed_attention=counts[name, Status.FAILED_ATTENTION],
            timed_out=counts[name, Status.TIMED_OUT],
            returned=counts[name, Status.RETURNED],
            withdrawn=counts[name, Status.WITHDRAWN],
            is_arm=name != NOT_ASSIGNED,
        )
        for name, condition, quota in _groups(study)
    ]


def _groups(study: Study) -> Iterator[tuple[str, Condition, int]]:
    """Yield each group of people, its (first) condition, and how many people it may have."""
    arms, plan = list(study.conditions.all()), study.plan
    if not plan.design.is_within:
        yield from ((arm.name, arm, arm.quota) for arm in arms)
        if plan.common is not None:
            yield NOT_ASSIGNED, common_condition(study), 0
        return
    groups = groups_of(plan)
    for name in groups:
        yield name, arms[0], design.set_quota(max(arm.quota for arm in arms), len(groups))
