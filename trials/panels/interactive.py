"""CHM-Corr++: people choose the parts of the photo that count, and the AI answers again.

The method and its study: arXiv 2404.05238. The question stays about the AI's first label, as there.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.core.chm.pair_cosines import Pairs, PairsRefused
from classifiers.decision import GRID
from classifiers.models import Image, Prediction
from classifiers.services.pairs import pairs_of_image
from classifiers.services.reranking import EMPTY, Ranked, reranked
from trials.models import Interaction, Occasion, Trial
from trials.panels.base import Content, panel
from trials.panels.correspondences import CorrespondencesPanel
from trials.panels.exemplars import Exemplar, as_shown, boxes_of
from trials.panels.photos import image_url
from trials.services.interaction import mask_close
from trials.steps.submission import Submission
from trials.study.plan import StudyPlan

N_CELLS = GRID * GRID
ALL = "1" * N_CELLS
# The inner 5 x 5 cells, where most photos have their object.
CENTRE = "".join(
    "1" if {0, GRID - 1}.isdisjoint(divmod(cell, GRID)) else "0" for cell in range(N_CELLS)
)
MASK_FIELD = "mask"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the grid over the photo; rows and columns count from 1."""

    row: int
    column: int
    is_on: bool


@dataclass(frozen=True, slots=True)
class Preset:
    """A mask that one button selects."""

    name: str
    label: str
    mask: str


@dataclass(frozen=True, slots=True)
class ShareShown:
    """One class with votes: its label, and its share in whole percent, truncated."""

    label: str
    n_votes: int
    percent: int


@dataclass(frozen=True, slots=True)
class Result:
    """The AI's answer for the selected cells; ``first_label`` is the one that is judged."""

    mask: str
    n_cells: int
    label: str
    first_label: str
    n_votes: int
    n_voters: int
    shares: tuple[ShareShown, ...]
    exemplars: tuple[Exemplar, ...]

    @property
    def is_own(self) -> bool:
        """Whether no cell is selected: the AI's own answer."""
        return self.n_cells == 0

    @property
    def is_other(self) -> bool:
        """Whether the label differs from the one that is judged."""
        return self.label != self.first_label


@dataclass(frozen=True, slots=True)
class Guide:
    """The grid over the photo, its buttons, and the answer for what is selected."""

    cells: tuple[Cell, ...]
    presets: tuple[Preset, ...]
    result: Result
    is_done: bool


@panel
class InteractivePanel(CorrespondencesPanel):
    """The photo with a grid; each selection gets its own examples, label and votes."""

    name = "interactive"
    label = "Examples for the parts that people choose"
    description = "also the matched patches, ranked again for the parts that people choose"
    rank = 40
    template = "trials/panels/interactive.html"
    needs = (("votes", "examples"), ("needs_matcher", "stored cosines of matched patches"))
    needs_pairs = True
    covers = ("exemplars", "correspondences")
    is_bare = False
    shows_query = True
    takes_mask = True

    def content(self, prediction: Prediction, plan: StudyPlan) -> Content | None:
        return self._content(prediction, plan, EMPTY, is_done=False)

    def content_of(self, trial: Trial, plan: StudyPlan) -> Content | None:
        stored = Interaction.objects.filter(trial=trial).first()
        mask = stored.mask if stored else EMPTY
        return self._content(
            trial.prediction,
            plan,
            mask,
            is_done=trial.responses.filter(occasion=Occasion.FINAL).exists(),
        )

    def _content(
        self, prediction: Prediction, plan: StudyPlan, mask: str, *, is_done: bool
    ) -> Content:
        ranked = reranked(prediction, mask, n_exemplars=plan.trial.n_exemplars)
        result = result_of(prediction, ranked, plan)
        cells = tuple(
            Cell(cell // GRID + 1, cell % GRID + 1, digit == "1") for cell, digit in enumerate(mask)
        )
        guide = Guide(cells, presets_of(prediction), result, is_done)
        return Content(guide, tuple(exemplar.url for exemplar in result.exemplars))

    def first_example(self, content: Content) -> Exemplar | None:
        return next(iter(content.data.result.exemplars), None)

    def facts(
        self, predictions: QuerySet[Prediction], plan: StudyPlan
    ) -> Iterator[tuple[int, object]]:
        """Yield the examples of the AI's own answer, and all from which others are computed."""
        own = dict(super().facts(predictions, plan))
        for prediction, pairs in _pairs(predictions):
            yield prediction.pk, [own.get(prediction.pk, []), _facts_of(prediction, pairs)]

    def photos(self, predictions: QuerySet[Prediction], plan: StudyPlan) -> set[int]:
        """Return every shortlisted photo: some selection may show it."""
        found = super().photos(predictions, plan)
        for _prediction, pairs in _pairs(predictions):
            found |= set(pairs.images.tolist()) if pairs else set()
        return found

    def answered(self, trial: Trial, submission: Submission, now: datetime) -> None:
        shown = submission.answers.get(MASK_FIELD, "")
        mask_close(trial=trial, mask=shown if is_mask(shown) else "", now=now)

    def robot_moves(self, rng: random.Random) -> Iterator[tuple[str, dict[str, str]]]:
        """Choose a few parts, one more at a time; every third robot's trial is left as it is."""
        chosen = [] if rng.random() < 1 / 3 else rng.sample(range(N_CELLS), rng.randint(1, 5))
        for n in range(len(chosen)):
            on = set(chosen[: n + 1])
            mask = "".join("1" if cell in on else "0" for cell in range(N_CELLS))
            yield "mask", {MASK_FIELD: mask, "at_ms": str(1000 * (n + 1))}


def is_mask(text: str) -> bool:
    """Whether a text is 49 digits 0 or 1."""
    return len(text) == N_CELLS and set(text) <= {"0", "1"}


def presets_of(prediction: Prediction) -> tuple[Preset, ...]:
    """Return the masks that buttons offer: all parts, the centre, and CHM-Corr+'s own mask."""
    found = [Preset("all", _("All parts"), ALL), Preset("centre", _("Centre"), CENTRE)]
    own = prediction.run.parameters.get("mask", "")
    if CLASSIFIERS[prediction.run.classifier].needs_mask and own not in {"", ALL, EMPTY}:
        found.append(Preset("own", _("The AI's parts"), own))
    return tuple(found)


def result_of(prediction: Prediction, ranked: Ranked, plan: StudyPlan) -> Result:
    """Return what the page shows of an answer."""
    exemplars = tuple(
        as_shown(
            Exemplar(
                number,
                image_url(image),
                boxes_of(matches, "query_cell"),
                boxes_of(matches, "gallery_cell"),
            ),
            plan,
            prediction.image,
            image,
        )
        for number, (image, matches) in enumerate(ranked.exemplars, start=1)
    )
    shares = tuple(
        ShareShown(
            plan.say(share.category.label), share.n_votes, 100 * share.n_votes // ranked.n_voters
        )
        for share in ranked.shares
    )
    return Result(
        ranked.mask,
        ranked.mask.count("1"),
        plan.say(ranked.category.label),
        plan.say(prediction.category.label),
        ranked.n_votes,
        ranked.n_voters,
        shares,
        exemplars,
    )


def _pairs(predictions: QuerySet[Prediction]) -> Iterator[tuple[Prediction, Pairs | None]]:
    """Yield each prediction with its stored pairs; None where they are missing or changed."""
    for prediction in predictions.select_related("run__dataset", "run__gallery__dataset").order_by(
        "pk"
    ):
        try:
            yield prediction, pairs_of_image(prediction.run, prediction.image_id)
        except PairsRefused:
            yield prediction, None


def _facts_of(prediction: Prediction, pairs: Pairs | None) -> str:
    """Return the SHA-256 of all that selections are computed from; photos by their content."""
    if pairs is None:
        return "missing"
    digest = hashlib.sha256(pairs.cosines.tobytes() + pairs.cells.tobytes())
    images = Image.objects.select_related("category").in_bulk(pairs.images.tolist())
    for image in pairs.images.tolist():
        digest.update(f"{images[image].sha256} {images[image].category.name}\n".encode())
    return digest.hexdigest()
