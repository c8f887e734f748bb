"""What a simulated person sends in answer to a task: the fields of the page's form."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

from classifiers.models import Category, Prediction
from trials.models import Response
from trials.simulation.habits import Habits
from trials.steps.asking import Asked
from trials.study.design import Phase

REASON = "A simulated person wrote this."


class Answering(Protocol):
    """The simulated person who answers."""

    @property
    def habits(self) -> Habits: ...
    def accepts(self, phase: str, is_ai_correct: bool, rng: random.Random, image: str) -> bool: ...
    def reaction_ms(self, rng: random.Random) -> int: ...


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial as a simulated person meets it. In training and validation all is answered right.

    The robot knows the truth: it draws whether it is right, and then what it answers.
    """

    person: Answering
    phase: str
    prediction: Prediction
    asked: Asked
    rng: random.Random

    def first(self) -> dict[str, str]:
        """Answer without the AI."""
        is_right = not self._is_test or self.rng.random() < self.person.habits.own_right
        return self._sent(self._own(is_right=is_right))

    def final(self, first: Response | None) -> dict[str, str]:
        """Answer when the AI's advice is known; ``first`` is the answer before it, if any."""
        prediction = self.prediction
        if first is None or first.is_missed or not self._is_test:
            image = prediction.image.sha256
            accepts = self.person.accepts(self.phase, prediction.is_right, self.rng, image)
            return self._sent(self._answer(accepts=accepts))
        own = first.is_accepted if first.choice is None else first.choice
        agrees = own is True or own == prediction.category
        switches = not agrees and self.person.habits.switches(
            self.rng, is_ai_correct=prediction.is_right
        )
        return self._sent(self._answer(accepts=True) if switches else own)

    @property
    def _is_test(self) -> bool:
        return self.phase == Phase.TEST

    def _own(self, *, is_right: bool) -> bool | Category | None:
        """Return a right or a wrong answer."""
        if not self.asked.task.is_choice:
            return is_right == self.prediction.is_right
        truth = self.prediction.image.category
        return self._among([truth] if is_right else self._others(truth))

    def _answer(self, *, accepts: bool) -> bool | Category | None:
        """Return the AI's answer or, if the person rejects it, an answer of their own."""
        if not self.asked.task.is_choice:
            return accepts
        named, truth = self.prediction.category, self.prediction.image.category
        if accepts:
            return self._among([named])
        knows = not self._is_test or self.rng.random() < self.person.habits.own_right
        if named != truth and knows:
            return self._among([truth])
        return self._among(self._others(named, truth))

    def _others(self, *without: Category) -> list[Category]:
        return [item for item in self.asked.choices if item not in without]

    def _among(self, wanted: list[Category]) -> Category:
        """Return one of the wanted classes that the page offers, or any that it offers."""
        offered = [item for item in wanted if item in self.asked.choices]
        found = offered or list(self.asked.choices)
        return found[0] if len(found) == 1 else self.rng.choice(found)

    def _sent(self, answer: bool | Category | None) -> dict[str, str]:
        if isinstance(answer, Category):
            form = {"choice": str(answer.index)}
            is_right = answer == self.prediction.image.category
        else:
            form = {"answer": "yes" if answer else "no"}
            is_right = answer == self.prediction.is_right
        if (confidence := self.asked.confidence) is not None:
            sure = self.person.habits.confidence(
                self.rng, confidence.low, confidence.high, is_right=is_right
            )
            form["confidence"] = str(sure)
        if self.asked.task.reason != "none":
            form["reason"] = REASON
        return self._timed(form)

    def _timed(self, form: dict[str, str]) -> dict[str, str]:
        """Add the time to answer; in the test a person may be too slow for the limit."""
        rt_ms, limit = self.person.reaction_ms(self.rng), 1000 * self.asked.task.seconds
        if limit and rt_ms > limit and self._is_test:
            return {"time_over": "1", "rt_ms": str(limit)}
        return form | {"rt_ms": str(min(rt_ms, limit) if limit else rt_ms)}
