"""How an AI does on a dataset: by category, its confusions, examples, and what studies need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classifiers.models import Category, Dataset, Job, Neighbor, PredictionRun
from classifiers.models.predictions import ai_is_right
from trials.panels.photos import image_url
from trials.ready_made import ready_made
from trials.roles import researcher_only
from trials.services import StudyRefused, pool_shortages
from trials.studio.forms import READY_MADE_WORDS, SHORT_FIRST
from trials.study.plan import StudyPlan

MOST_IN_MATRIX = 12  # categories; of more, the most frequent confusions are listed
N_CONFUSIONS = 20
N_SAMPLES = 2  # of each kind
N_NEIGHBOURS = 5
SHADES = 5


@dataclass(frozen=True, slots=True)
class OfCategory:
    """How often the AI is right on the photos of one category."""

    label: str
    n: int
    n_right: int

    @property
    def percent(self) -> float | None:
        """The share of right answers; None without photos."""
        return 100 * self.n_right / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the confusion matrix; ``shade`` is 0 to ``SHADES``, of its row's photos."""

    n: int
    shade: int
    is_diagonal: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """A photo with the AI's answer and the examples that it compared."""

    url: str
    truth: str
    said: str
    percent: float | None
    is_right: bool
    neighbours: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Need:
    """Whether the photos are enough for a ready-made study, in words."""

    name: str
    n: int
    n_sets: int
    said: str
    is_enough: bool


def by_category(run: PredictionRun, categories: Sequence[Category]) -> list[OfCategory]:
    """Return the AI's accuracy on the photos of each category, the worst first; two queries."""
    known = run.predictions.with_truth()
    n = dict(known.values_list("image__category").annotate(n=Count("pk")).order_by())
    right = known.right().values_list("image__category").annotate(n=Count("pk")).order_by()
    n_right = dict(right)
    rows = [
        OfCategory(item.label, n.get(item.pk, 0), n_right.get(item.pk, 0)) for item in categories
    ]
    return sorted(rows, key=lambda row: 101 if row.percent is None else row.percent)


def confusion(run: PredictionRun) -> dict[tuple[int, int], int]:
    """Return how many photos of a folder's category the AI gave which category; one query."""
    rows = run.predictions.with_truth().values_list("image__category", "category")
    return {(true, said): n for true, said, n in rows.annotate(n=Count("pk")).order_by()}


def matrix(
    counts: dict[tuple[int, int], int], categories: Sequence[Category]
) -> list[tuple[str, list[Cell]]]:
    """Return the rows of the confusion matrix: true categories, and cells of the AI's answers."""
    rows = []
    for true in categories:
        own = [counts.get((true.pk, said.pk), 0) for said in categories]
        cells = [
            Cell(n, -(-SHADES * n // sum(own)) if n else 0, said.pk == true.pk)
            for n, said in zip(own, categories, strict=True)
        ]
        rows.append((true.label, cells))
    return rows


def confusions(
    counts: dict[tuple[int, int], int], categories: Sequence[Category]
) -> list[tuple[str, str, int]]:
    """Return the most frequent confusions: the true label, the AI's, how often."""
    labels = {item.pk: item.label for item in categories}
    wrong = [(n, true, said) for (true, said), n in counts.items() if true != said]
    wrong.sort(key=lambda row: (-row[0], labels[row[1]], labels[row[2]]))
    return [(labels[true], labels[said], n) for n, true, said in wrong[:N_CONFUSIONS]]


def samples(run: PredictionRun) -> list[Sample]:
    """Return the surest right and the surest wrong answers with their examples; three queries."""
    known = run.predictions.with_truth().select_related("image__category", "category")
    ordered = known.order_by(F("confidence").desc(nulls_last=True), "pk")
    right = list(ordered.filter(ai_is_right())[:N_SAMPLES])
    wrong = list(ordered.exclude(ai_is_right())[:N_SAMPLES])
    shown = [*right, *wrong]
    neighbours: dict[int, list[tuple[str, str]]] = {item.pk: [] for item in shown}
    voters = Neighbor.objects.filter(prediction__in=shown, rank__lt=N_NEIGHBOURS)
    for each in voters.select_related("image__category").order_by("rank"):
        pair = (image_url(each.image), each.image.category.label)
        neighbours[each.prediction_id].append(pair)
    return [
        Sample(
            url=image_url(item.image),
            truth=item.image.category.label,
            said=item.category.label,
            percent=None if item.confidence is None else 100 * item.confidence,
            is_right=item in right,
            neighbours=neighbours[item.pk],
        )
        for item in shown
    ]


def needs_of(run: PredictionRun) -> list[Need]:
    """Return for each ready-made study whether this AI's photos are enough."""
    found = []
    for name in SHORT_FIRST:
        plan = StudyPlan.from_json(ready_made(name))
        condition = plan.conditions[0]
        try:
            rows = pool_shortages(plan, condition, run, set())
            missing = [row for row in rows if row.n_missing]
            said = "; ".join(
                f"{row.n_missing} photo{'' if row.n_missing == 1 else 's'} too few where the AI is "
                f"{'right' if row.is_right else 'wrong'} ({row.n_there} of {row.n_needed})"
                for row in missing
            )
        except StudyRefused as error:
            said = str(error)
        words = READY_MADE_WORDS.get(name, name)
        found.append(Need(words, plan.test.n, plan.test.n_sets, said or "enough", not said))
    return found


@require_safe
@researcher_only
def performance(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how one of a dataset's AIs does; the address chooses which."""
    dataset = get_object_or_404(Dataset, slug=slug)
    runs = list(
        PredictionRun.objects.for_any_study()
        .filter(dataset=dataset, status=Job.Status.DONE)
        .order_by("name")
    )
    run = next((item for item in runs if item.name == request.GET.get("run")), None)
    run = run or (runs[0] if runs else None)
    context: dict[str, object] = {"slug": slug, "dataset": dataset, "runs": runs, "run": run}
    if run is not None:
        categories = list(dataset.categories.order_by("index"))
        counts = confusion(run)
        is_small = len(categories) <= MOST_IN_MATRIX
        rows = by_category(run, categories)
        context |= {
            "by_category": rows,
            "n_right": sum(row.n_right for row in rows),
            "n_known": sum(row.n for row in rows),
            "categories": categories,
            "matrix": matrix(counts, categories) if is_small else [],
            "confusions": confusions(counts, categories),
            "samples": samples(run),
            "needs": needs_of(run),
        }
    return render(request, "studio/authoring/dataset_ai.html", context)
