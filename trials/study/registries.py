"""The explanation views and the kinds of stages that other modules add. Standard library only.

``trials.panels`` and ``trials.steps`` add them when the apps are loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from trials.study.registry import Registry


@dataclass(frozen=True, slots=True)
class View:
    """How an explanation is shown. Code distinguishes views by these facts, never by their name.

    ``panels`` are the names of its explanation panels (``trials.panels``); ``needs``,
    ``needs_crop`` and ``needs_pairs`` are theirs. ``description`` is the view's line in the
    documentation.
    """

    label: str
    description: str
    has_statement: bool
    rank: int
    panels: tuple[str, ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    needs_crop: bool = False
    needs_pairs: bool = False


VIEWS: Final[Registry[View]] = Registry("view")
UNAIDED: Final = "unaided"
VIEWS.add(
    UNAIDED,
    View("No AI at all", "the question without any statement of the AI", False, rank=0),
)
VIEWS.add("none", View("No explanation", "the AI's label and confidence", True, rank=10))


class StagePlan(Protocol):
    """One stage of a study, of any kind."""

    @property
    def kind(self) -> str: ...


class StagePart(Protocol):
    """The document part of a kind of stage; ``design.StageType`` has the rest."""

    @property
    def rank(self) -> int: ...
    @property
    def fields(self) -> Mapping[str, Any] | None: ...
    @property
    def own_pages(self) -> tuple[str, ...]: ...
    @property
    def part(self) -> type: ...
    def made(self, values: Mapping[str, Any]) -> StagePlan: ...
    def contradictions(self, stage: Any) -> Iterator[tuple[str, object, str]]: ...


# ``trials.steps`` adds the kinds of stages when the apps are loaded.
STAGES: Final[Registry[StagePart]] = Registry("kind of stage")
