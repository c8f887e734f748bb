"""The single source of what a study shows to its people.

Pages, the fingerprint, the verification, the locks on datasets and the preview all read it here:
photos that are judged, what the panels show of each prediction, and the gallery photos that
present categories in the instructions, in definitions and on attention checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from typing import Any

from django.db.models import Q, QuerySet

from classifiers.models import Category, Evidence, Image, Prediction, Truth
from trials.models import Study, TrialItem
from trials.panels.base import PANELS, Panel
from trials.services.choices import best_of
from trials.study.plan import StudyPlan
from trials.study.task import top_of

# How many gallery photos of each category the standard instructions show.
N_PRESENTED = 2
# Above this many categories the instructions present none: a thousand are too many to learn.
MAX_KINDS = 12


@dataclass(frozen=True, slots=True)
class Samples:
    """How many gallery photos of a category each kind of page shows, the first by SHA-256."""

    instructions: int
    definition: int
    attention: int
    kinds: int = 0
    feedback: int = 0

    @property
    def most(self) -> int:
        """The number of a category's first gallery photos that some page may show."""
        return max(int(n) for n in astuple(self))


def samples_of_all(plan: StudyPlan) -> Samples:
    """Return how many gallery photos present a category in the condition that shows most."""
    each = [samples_of(item) for item in plan.plans]
    names = [field.name for field in fields(Samples)]
    return Samples(**{name: max(getattr(item, name) for item in each) for name in names})


def samples_of(plan: StudyPlan) -> Samples:
    """Return how many gallery photos present a category, by the plan of one condition."""
    page = plan.pages.get("instructions")
    has_standard_text = page is not None and not page.text.strip()
    return Samples(
        instructions=N_PRESENTED if has_standard_text else 0,
        definition=plan.trial.n_samples if plan.trial.has_definition else 0,
        attention=min(plan.quality.n_attention, 1),
        kinds=N_PRESENTED if plan.trial.has_kinds else 0,
        feedback=plan.trial.n_true_photos if plan.training else 0,
    )


def samples_hashed_before(plan: StudyPlan) -> int:
    """Return how many the first fingerprints covered: without attention checks.

    They also counted a text of blanks as a custom text.
    """
    page = plan.pages.get("instructions")
    n_presented = N_PRESENTED if page is not None and not page.text else 0
    return max(n_presented, plan.trial.n_samples if plan.trial.has_definition else 0)


def sample_photos(category: Category, n: int) -> QuerySet[Image]:
    """Return the first ``n`` gallery photos of a category; no query is ever among them."""
    return category.images.filter(split=Image.GALLERY).order_by("sha256")[:n]


def categories_presented(study: Study) -> list[Category]:
    """Return the categories that the standard instructions present."""
    categories = list(study.dataset.categories.all()[: MAX_KINDS + 1])
    return categories if len(categories) <= MAX_KINDS else []


def category_on_check(study: Study, position: int) -> Category:
    """Return the category whose photo an attention check shows."""
    categories = list(study.dataset.categories.all()[: MAX_KINDS + 1])
    return categories[position % len(categories)]


def judged(study: Study, run: int | None = None) -> QuerySet[Prediction]:
    """Return the predictions that a frozen study's people judge; of one run, or of all."""
    drawn = TrialItem.objects.filter(trial_set__study=study)
    if run is not None:
        drawn = drawn.filter(trial_set__run=run)
    return Prediction.objects.filter(pk__in=drawn.values("prediction"))


def panels_by_run(study: Study) -> dict[int, list[tuple[Panel, StudyPlan]]]:
    """Return each run with the panels that some condition explains it by, in their order.

    Each panel comes with the plan of the conditions that show it: how many examples, for instance,
    may differ between them. A panel whose facts are among another one's is left out.
    """
    found: dict[int, dict[str, set[str]]] = {}
    plans: dict[str, StudyPlan] = {}
    for condition in study.conditions.all():
        plan = study.plan.of(condition.name)
        screens = repr((plan.trial, plan.panels))
        plans.setdefault(screens, plan)
        by_screens = found.setdefault(condition.run_id, {})
        by_screens.setdefault(screens, set()).update(condition.view.panels)
    return {
        run: [
            (panel, plans[screens])
            for screens, names in of_run.items()
            for panel in _uncovered(names)
        ]
        for run, of_run in found.items()
    }


def _uncovered(names: set[str]) -> list[Panel]:
    covered = {covered for name in names for covered in PANELS[name].covers}
    return [PANELS[name] for name in PANELS if name in names - covered]


def explanation_facts(study: Study) -> dict[int, list[Any]]:
    """Return all that panels show, by the key of the prediction.

    For panels that existed before panels had names, the facts have no wrapper, so that fingerprints
    stay the same. The facts of every other panel follow as ``{"panel": name, "facts": facts}``.
    """
    found: dict[int, list[Any]] = {}
    for run, panels in panels_by_run(study).items():
        for panel, plan in panels:
            for pk, facts in panel.facts(judged(study, run), plan):
                held = found.setdefault(pk, [])
                held += facts if panel.is_bare else [{"panel": panel.name, "facts": facts}]
    for pk, names in _choices_offered(study):
        found.setdefault(pk, []).append({"choices": names})
    return found


def _choices_offered(study: Study) -> Iterator[tuple[int, list[str]]]:
    """Yield each prediction with the classes offered on its page, where they are its own."""
    if n := top_of(study.plan.task):
        scored = Evidence.objects.filter(prediction__in=judged(study)).order_by("prediction_id")
        for pk, scores in scored.values_list("prediction_id", "scores"):
            yield pk, sorted(best_of(scores, n))


def category_facts(study: Study, n_samples: int) -> Iterator[list[Any]]:
    """Yield each category's words and the gallery photos that present it."""
    for category in study.dataset.categories.order_by("index"):
        samples = list(sample_photos(category, n_samples).values_list("sha256", flat=True))
        yield [category.name, category.label, category.definition, samples]


def accepted_names(study: Study) -> dict[str, list[str]]:
    """Return the accepted labels of judged photos that have their own, by the photo's SHA-256."""
    photos = Image.objects.filter(pk__in=judged(study).values("image"), truth=Truth.LABELS)
    found: dict[str, list[str]] = {}
    rows = photos.order_by("sha256", "accepted__category__name")
    for sha256, name in rows.values_list("sha256", "accepted__category__name"):
        found.setdefault(sha256, []).extend([name] if name else [])
    return {sha256: sorted(names) for sha256, names in found.items()}


def photos_shown(study: Study) -> set[int]:
    """Return the keys of all photos that a frozen study shows."""
    found = set(judged(study).values_list("image", flat=True))
    for run, panels in panels_by_run(study).items():
        for panel, plan in panels:
            found |= panel.photos(judged(study, run), plan)
    return found | _sample_keys(study)


def files_shown(study: Study) -> set[str]:
    """Return the names of all stored files that a frozen study's panels show."""
    found: set[str] = set()
    for run, panels in panels_by_run(study).items():
        for panel, plan in panels:
            found |= panel.files(judged(study, run), plan)
    return found


def _sample_keys(study: Study) -> set[int]:
    n = samples_of_all(study.plan)
    checks = range(study.plan.quality.n_attention)
    n_presented = max(n.instructions, n.kinds)
    shown = [(each, n_presented) for each in categories_presented(study) if n_presented]
    shown += [(category_on_check(study, check), n.attention) for check in checks]
    if n.definition:
        shown += [(each, n.definition) for each in _categories_named(study)]
    if n.feedback:
        shown += [(each, n.feedback) for each in _categories_true(study)]
    return {pk for each, k in shown for pk in sample_photos(each, k).values_list("pk", flat=True)}


def _categories_named(study: Study) -> QuerySet[Category]:
    """Return the categories that the AI names to people."""
    return study.dataset.categories.filter(pk__in=judged(study).values("category"))


def _categories_true(study: Study) -> QuerySet[Category]:
    """Return the categories that are a right answer for a judged photo."""
    photos = judged(study).values("image")
    is_right = Q(images__in=photos) | Q(accepted_for__image__in=photos)
    return study.dataset.categories.filter(is_right).distinct()
