"""Which predictions people judge: one finished run for each classifier of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.models import Dataset, Image, PredictionRun
from classifiers.services.pairs import n_lacking
from classifiers.services.queueing import parameters_asked, parameters_sha256
from trials.models import Study
from trials.services.refusals import StudyRefused
from trials.study.plan import VIEWS, ConditionPlan, StudyPlan


def runs_choose(study: Study, run_ids: Sequence[int] = ()) -> list[PredictionRun]:
    """Return for each classifier of the plan the finished run that people shall judge.

    The run is the one in ``run_ids``, if they name one; otherwise that of ``runs_found``. Raises
    ``StudyRefused``, which lists the available runs.
    """
    shared = PredictionRun.objects.for_any_study().select_related("dataset", "gallery__dataset")
    found = {run.pk: run for run in shared}
    unknown = [pk for pk in run_ids if pk not in found]
    if unknown:
        known = "; ".join(f"{pk}: {run} {run.parameters}" for pk, run in found.items())
        raise StudyRefused(f"No run {unknown[0]}; runs: {known or 'none yet'}.")
    runs = [found[pk] for pk in run_ids]
    for run in runs:
        run_check(run, study.dataset)
    named = {run.classifier for run in runs}
    for classifier, chosen in runs_found(study.dataset, study.plan, skip=named).items():
        if isinstance(chosen, StudyRefused):
            raise chosen
        if classifier not in named:
            runs.append(chosen)
    return runs


def runs_found(
    dataset: Dataset, plan: StudyPlan, *, skip: Iterable[str] = ()
) -> Mapping[str, PredictionRun | StudyRefused]:
    """Return for each classifier its run, or why none can be taken.

    The run with the condition's ``parameters``, or with the defaults; if neither ran, the only
    finished run there is. A condition's ``backbone`` narrows the choice.
    """
    done = (
        PredictionRun.objects.computed()
        .select_related("gallery__dataset")
        .filter(dataset=dataset, split=Image.QUERY, status=PredictionRun.Status.DONE)
    )
    found: dict[str, PredictionRun | StudyRefused] = {}
    for classifier, arms in _arms(plan).items():
        try:
            _check_alike(arms)
            if classifier not in skip:
                fitting = [run for run in done if run.classifier == classifier]
                found[classifier] = _run_of(arms[0], fitting, dataset)
        except StudyRefused as error:
            found[classifier] = error
    return found


def _arms(plan: StudyPlan) -> dict[str, list[ConditionPlan]]:
    """Return the conditions of each classifier, in the plan's order."""
    arms: dict[str, list[ConditionPlan]] = {}
    for condition in plan.conditions:
        arms.setdefault(condition.classifier, []).append(condition)
    return arms


def _check_alike(arms: Sequence[ConditionPlan]) -> None:
    first = arms[0]
    for item in arms[1:]:
        if (first.parameters, first.backbone) != (item.parameters, item.backbone):
            seen = [f"{arm.parameters} {arm.backbone}".strip() for arm in (first, item)]
            raise StudyRefused(
                f"Conditions {first.name} and {item.name} judge {item.classifier} with different "
                f"parameters ({seen[0]} and {seen[1]}); expected the same."
            )


def _run_of(
    condition: ConditionPlan, done: Sequence[PredictionRun], dataset: Dataset
) -> PredictionRun:
    classifier, backbone = condition.classifier, condition.backbone
    try:
        wanted = parameters_sha256(parameters_asked(classifier, condition.parameters))
    except ValueError as error:
        raise StudyRefused(f"Condition {condition.name}: {error}") from error
    done = [run for run in done if backbone in ("", run.backbone)]
    matching = [run for run in done if run.parameters_sha256 == wanted]
    if not matching and not condition.parameters:
        matching = list(done)
    if len(matching) == 1:
        return matching[0]
    listed = "; ".join(f"{run.pk}: {run} {run.parameters}" for run in matching or done)
    if not done:
        of_backbone = f" with {backbone}" if backbone else ""
        raise StudyRefused(
            f"No finished predictions of {classifier} on {dataset}{of_backbone}. "
            f"Run: manage.py predict {dataset} --classifier {classifier}"
            + (f" --backbone {backbone}" if backbone else "")
        )
    raise StudyRefused(
        f"{len(matching)} finished runs of {classifier} fit condition {condition.name}; there "
        f"are {listed}. Name the backbone or the parameters in the condition."
    )


def run_check(run: PredictionRun, dataset: Dataset) -> None:
    """Refuse predictions that people must not judge."""
    if run.dataset_id != dataset.pk or run.split != Image.QUERY:
        raise StudyRefused(
            f"Run {run.pk} predicts split {run.split!r} of {run.dataset}; expected split "
            f"{Image.QUERY!r} of {dataset}: gallery photos are shown with their labels."
        )
    if run.imported_for:
        raise StudyRefused(
            f"Run {run.pk} ({run}) came with the file of study {run.imported_for} and belongs to "
            f"it alone; expected predictions that this site computed. Run: manage.py predict "
            f"{dataset} --classifier {run.classifier}"
        )
    if run.status != PredictionRun.Status.DONE:
        raise StudyRefused(f"Run {run.pk} ({run}) is {run.status}; wait until it is done.")


def view_check(condition: ConditionPlan, run: PredictionRun) -> None:
    """Refuse boxes at other places than the AI compared: people see the central crop.

    Also refuse a view that ranks again where the run's cosines are not stored.
    """
    if VIEWS[condition.view].needs_pairs and (n := n_lacking(run)):
        raise StudyRefused(
            f"Condition {condition.name} ranks again for the parts that people choose, and {n} "
            f"predictions of run {run.pk} have no stored cosines; expected all. Run: manage.py "
            f"predict {run.dataset} --classifier {run.classifier}, which adds them."
        )
    is_whole_square = CLASSIFIERS[run.classifier].needs_matcher and run.parameters.get(
        "paper", False
    )
    is_crop = run.parameters.get("transform", "crop") == "crop" and not is_whole_square
    if VIEWS[condition.view].needs_crop and not is_crop:
        raise StudyRefused(
            f"Condition {condition.name} shows matched patches of run {run.pk}, whose queries were "
            f"prepared otherwise than the photos that people see ({run.parameters}); expected "
            "transform=crop, and paper=false for CHM-Corr."
        )
