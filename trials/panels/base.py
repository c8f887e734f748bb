"""The base class and the registry of explanation panels.

A panel is one module of this package and one template. The template is included with ``part`` set
to ``trial`` (the panel itself), ``feedback`` (a list item), ``introduction`` (a paragraph) or
``instructions`` (a list item). It renders nothing for a part that the panel does not use. A study's
conditions name a panel by its ``view``.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, TypeVar

from django.db.models import QuerySet

from classifiers.models import Prediction
from trials.models import Trial
from trials.steps.submission import Submission
from trials.study.plan import StudyPlan, View
from trials.study.registries import VIEWS
from trials.study.registry import Registry


@dataclass(frozen=True, slots=True)
class Content:
    """What a panel shows of one prediction: ``data`` for its template, ``urls`` of its photos."""

    data: Any
    urls: tuple[str, ...] = ()


class Panel(ABC):
    """A way of explaining a prediction.

    ``name`` is the view's name in study documents, ``label`` its title, ``description`` its line in
    the documentation. ``needs`` names facts of ``catalogue.Classifier`` that a classifier needs for
    this panel, each with its description. ``needs_crop``: it marks places in the photo, so the AI
    must have seen the crop that people see. ``tells_votes``: the feedback may say how the neighbors
    voted. ``covers`` names panels whose facts are among this one's. ``is_bare``: fingerprints
    contain its facts without the panel's name, as in studies that were frozen before panels had
    names. ``needs_pairs``: it needs the stored cosines of a run. ``shows_query``: its template has
    a part ``query``, which the page shows in place of the photo. ``takes_mask``: people select
    parts of the photo in it.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    rank: ClassVar[int]
    template: ClassVar[str]
    needs: ClassVar[tuple[tuple[str, str], ...]]
    needs_crop: ClassVar[bool]
    tells_votes: ClassVar[bool]
    covers: ClassVar[tuple[str, ...]] = ()
    is_bare: ClassVar[bool] = False
    needs_pairs: ClassVar[bool] = False
    shows_query: ClassVar[bool] = False
    takes_mask: ClassVar[bool] = False

    @abstractmethod
    def content(self, prediction: Prediction, plan: StudyPlan) -> Content | None:
        """Return what the page shows; None if there is nothing to show."""

    @property
    def is_constant(self) -> bool:
        """Whether the page shows the same to all people of a condition."""
        return type(self).content_of is Panel.content_of

    def content_of(self, trial: Trial, plan: StudyPlan) -> Content | None:
        """Return what the page of a person's trial shows; the same for all, unless overridden."""
        return self.content(trial.prediction, plan)

    def first_example(self, content: Content) -> Any:
        """Return the first shown ``exemplars.Exemplar``; None if there is none."""
        return None

    def answered(self, trial: Trial, submission: Submission, now: datetime) -> None:
        """Store what the panel collected, when its trial is answered: nothing by default."""
        return

    def robot_moves(self, rng: random.Random) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield what a simulated person sends before the answer: an address's name and fields."""
        yield from ()

    @abstractmethod
    def facts(
        self, predictions: QuerySet[Prediction], plan: StudyPlan
    ) -> Iterator[tuple[int, Any]]:
        """Yield each prediction's key and, as JSON, all that its panel shows of it.

        Photos are named by their SHA-256. The study's fingerprint is made from this.
        """

    @abstractmethod
    def photos(self, predictions: QuerySet[Prediction], plan: StudyPlan) -> set[int]:
        """Return the keys of the photos that the panel shows of predictions."""

    def files(self, predictions: QuerySet[Prediction], plan: StudyPlan) -> set[str]:
        """Return the names of the stored files that the panel shows: none by default."""
        return set()


PANELS: Final[Registry[Panel]] = Registry("explanation panel")
P = TypeVar("P", bound=type[Panel])
NAMES = (
    "name", "label", "description", "rank", "template", "needs", "needs_crop", "tells_votes",
)  # fmt: skip


def panel(cls: P) -> P:
    """Register a panel, and the view that shows it alone. Raises ``TypeError`` if it is partial."""
    unsaid = sorted(cls.__abstractmethods__) + [name for name in NAMES if not hasattr(cls, name)]
    if unsaid:
        raise TypeError(
            f"The panel {cls.__name__} does not say: {', '.join(unsaid)}. Every panel says all of "
            "these; see trials/panels/base.py."
        )
    PANELS.add(cls.name, cls())
    view = View(
        cls.label,
        cls.description,
        has_statement=True,
        rank=cls.rank,
        panels=(cls.name,),
        needs=cls.needs,
        needs_crop=cls.needs_crop,
        needs_pairs=cls.needs_pairs,
    )
    VIEWS.add(cls.name, view)
    return cls


def panels_of(view: View) -> list[Panel]:
    """Return the panels of a view, in the order in which the page shows them."""
    return [PANELS[name] for name in view.panels]
