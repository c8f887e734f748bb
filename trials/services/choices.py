"""The classes that people choose among: of a study, or of one photo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from classifiers.models import Category, Dataset, Evidence, Image, Prediction, Truth
from trials.models import Study, TrialItem
from trials.services.refusals import StudyRefused
from trials.study.plan import StudyPlan
from trials.study.task import classes_of, top_of


def choices_of(study: Study, prediction: Prediction) -> list[Category]:
    """Return the classes that a trial's page offers, always in the order of the dataset.

    So the order of the classes with the highest scores does not tell which one the AI named.
    """
    task, categories = study.plan.task, study.dataset.categories.order_by("index")
    if n := top_of(task):
        scores = Evidence.objects.filter(prediction=prediction).values_list("scores", flat=True)
        return list(categories.filter(name__in=best_of(scores.first() or {}, n)))
    names = set(classes_of(task))
    return [item for item in categories if not names or {item.name, item.label} & names]


def best_of(scores: dict[str, float], n: int) -> list[str]:
    """Return the names of the ``n`` classes with the highest scores; ties go by name."""
    return sorted(scores, key=lambda name: (-scores[name], name))[:n]


def choices_problems(plan: StudyPlan, dataset: Dataset) -> Iterator[str]:
    """Yield why people could not choose among the classes that the document lists."""
    found = Counter[str]()
    for name, label in dataset.categories.values_list("name", "label"):
        found.update({name, label})
    for name in classes_of(plan.task):
        if found[name] != 1:
            seen = "no class" if not found[name] else f"{found[name]} classes"
            yield (
                f"task.choices names {name!r}; {dataset} has {seen} with this folder or label. "
                "Name each class by its folder."
            )


def choices_check(study: Study) -> None:
    """Raise ``StudyRefused`` if a drawn study's people could not choose as its document says."""
    for problem in choices_problems(study.plan, study.dataset):
        raise StudyRefused(problem)
    if not (n := top_of(study.plan.task)):
        return
    drawn = TrialItem.objects.filter(trial_set__study=study)
    scores = dict(
        Evidence.objects.filter(prediction__in=drawn.values("prediction")).values_list(
            "prediction", "scores"
        )
    )
    short = [pk for pk in drawn.values_list("prediction", flat=True) if len(scores.get(pk, ())) < n]
    if short:
        raise StudyRefused(
            f"task.choices asks for the {n} classes with the highest scores; {len(set(short))} of "
            f"the drawn predictions have fewer scores. Import scores of {n} classes for each "
            "photo, or choose among all classes."
        )


def never_right(study: Study) -> tuple[int, int]:
    """Count the drawn photos on whose page no class offered is right, and all drawn photos.

    Only where the AI's best classes are offered; elsewhere both are 0.
    """
    if not (n := top_of(study.plan.task)):
        return 0, 0
    drawn = TrialItem.objects.filter(trial_set__study=study).values("prediction")
    found = Prediction.objects.filter(pk__in=drawn).select_related("image__category", "evidence")
    pages = found.prefetch_related("image__accepted__category")
    reached = [bool(_right(each.image) & {*best_of(each.evidence.scores, n)}) for each in pages]
    return reached.count(False), len(reached)


def _right(image: Image) -> set[str]:
    """Return the names of the classes that are right for a photo."""
    if image.truth == Truth.FOLDER:
        return {image.category.name}
    return {each.category.name for each in image.accepted.all()}
