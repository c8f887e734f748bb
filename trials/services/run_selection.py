"""Which predictions people judge: one finished run for each classifier of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from classifiers.core.catalogue import CLASSIFIERS
from classifiers.models import Dataset, Evidence, Image, PredictionRun
from classifiers.services.pairs import n_lacking
from classifiers.services.queueing import parameters_asked, parameters_sha256
from classifiers.services.saliency import n_unexplained
from trials.models import Study
from trials.services.refusals import StudyRefused
from trials.study.plan import VIEWS, ConditionPlan, StudyPlan

# Each finished run by what a condition asks for, ``ConditionPlan.asks_for``.
Runs = Mapping[str, PredictionRun]
# The view of all panels (``trials.panels.evidence``), among which are activation maps.
PANELS_VIEW = "panels"


def runs_choose(study: Study, run_ids: Sequence[int] = ()) -> Runs:
    """Return for each AI of the plan the finished run that people shall judge.

    The run is the one in ``run_ids``, if they name one; otherwise that of ``runs_found``. Raises
    ``StudyRefused``, which lists the available runs.
    """
    shared = PredictionRun.objects.for_any_study().select_related("dataset", "gallery__dataset")
    found = {run.pk: run for run in shared}
    unknown = [pk for pk in run_ids if pk not in found]
    if unknown:
        known = "; ".join(f"{pk}: {run} {run.parameters}" for pk, run in found.items())
        raise StudyRefused(f"No run {unknown[0]}; runs: {known or 'none yet'}.")
    given = runs_given(study, [found[pk] for pk in run_ids])
    chosen = dict(given)
    for name, run in runs_found(study.dataset, study.plan, skip=given).items():
        if isinstance(run, StudyRefused):
            raise run
        chosen.setdefault(name, run)
    return chosen


def runs_given(study: Study, runs: Iterable[PredictionRun]) -> Runs:
    """Return the given runs by what the study's conditions ask for.

    A condition that names a run takes no other one. Raises ``StudyRefused`` for a run that people
    must not judge, and for two runs that fit the same condition.
    """
    runs = list(runs)
    for run in runs:
        run_check(run, study.dataset)
    by_name = {f"run {run.name}": run for run in runs}
    named = {each.asks_for for each in study.plan.conditions} & by_name.keys()
    given: dict[str, PredictionRun] = {name: by_name[name] for name in named}
    # A run that a condition names serves a condition of its classifier only if no other run does.
    rest = [run for name, run in by_name.items() if name not in named]
    for run in rest:
        other = given.setdefault(run.classifier, run)
        if other != run:
            raise StudyRefused(
                f"Two runs of {run.classifier}: {other.pk} with {other.parameters} and {run.pk} "
                f"with {run.parameters}. Name the one that people shall judge."
            )
    return {by_name[name].classifier: by_name[name] for name in sorted(named)} | given


def runs_complete(study: Study, given: Runs) -> Runs:
    """Return the runs of all conditions. Raises ``StudyRefused`` if one is missing."""
    missing = [each for each in study.plan.conditions if each.asks_for not in given]
    if missing:
        names = sorted({each.asks_for for each in missing})
        raise StudyRefused(
            f"No finished predictions of {', '.join(names)} on {study.dataset}; found "
            f"{', '.join(sorted(given)) or 'none'}. "
            f"Run: manage.py predict {study.dataset} --classifier "
            f"{missing[0].classifier or 'CLASSIFIER --name ' + missing[0].run}"
        )
    return given


def runs_found(
    dataset: Dataset, plan: StudyPlan, *, skip: Iterable[str] = ()
) -> Mapping[str, PredictionRun | StudyRefused]:
    """Return for each AI that the conditions ask for its run, or why none can be taken.

    It is the named run; or the run of the classifier with the condition's ``parameters``, or with
    the defaults; if neither ran, the only finished run there is. A condition's ``backbone`` narrows
    the choice.
    """
    done = (
        PredictionRun.objects.for_any_study()
        .select_related("gallery__dataset")
        .filter(dataset=dataset, split=Image.QUERY, status=PredictionRun.Status.DONE)
    )
    found: dict[str, PredictionRun | StudyRefused] = {}
    for name, arms in _arms(plan).items():
        try:
            _check_alike(arms)
            if name not in skip:
                first = arms[0]
                if first.run:
                    found[name] = _run_named(first, done, dataset)
                else:
                    fitting = [run for run in done if run.classifier == first.classifier]
                    found[name] = _run_of(first, fitting, dataset)
        except StudyRefused as error:
            found[name] = error
    return found


def _arms(plan: StudyPlan) -> dict[str, list[ConditionPlan]]:
    """Return the conditions of each AI, in the plan's order."""
    arms: dict[str, list[ConditionPlan]] = {}
    for condition in plan.conditions:
        arms.setdefault(condition.asks_for, []).append(condition)
    return arms


def _check_alike(arms: Sequence[ConditionPlan]) -> None:
    first = arms[0]
    for item in arms[1:]:
        if (first.parameters, first.backbone) != (item.parameters, item.backbone):
            seen = [f"{arm.parameters} {arm.backbone}".strip() for arm in (first, item)]
            raise StudyRefused(
                f"Conditions {first.name} and {item.name} judge {item.classifier} with different "
                f"parameters ({seen[0]} and {seen[1]}); expected the same. To compare two "
                "settings, name a run in each condition instead of the classifier."
            )


def _run_named(
    condition: ConditionPlan, done: Iterable[PredictionRun], dataset: Dataset
) -> PredictionRun:
    named = {run.name: run for run in done}
    if condition.run not in named:
        raise StudyRefused(
            f"Condition {condition.name}: no finished predictions named {condition.run!r} on "
            f"{dataset}; there are {', '.join(sorted(named)) or 'none'}. Name one of these, or "
            f"run: manage.py predict {dataset} --classifier CLASSIFIER --name {condition.run}"
        )
    return named[condition.run]


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


def has_panels(run: PredictionRun) -> bool:
    """Whether some prediction of a run was stored with panels."""
    return Evidence.objects.filter(prediction__run=run).exclude(panels=[]).exists()


def view_check(condition: ConditionPlan, run: PredictionRun) -> None:
    """Refuse what the run cannot show.

    These are explanations that it has not, boxes at other places than the AI compared (people see
    the central crop), and a view that ranks again where the run's cosines are not stored.
    """
    # An outside AI gives none of the built-in explanations.
    classifier, view = CLASSIFIERS.get(run.classifier), VIEWS[condition.view]
    lacking = [what for fact, what in view.needs if not getattr(classifier, fact, False)]
    if lacking:
        raise StudyRefused(
            f"Condition {condition.name} shows {condition.view}, and {run.name} "
            f"({run.classifier}) has no {lacking[0]} for it; expected another view or other "
            "predictions."
        )
    if PANELS_VIEW in view.panels and (n := n_unexplained(run)):
        raise StudyRefused(
            f"Condition {condition.name} shows panels, and {n} predictions of run {run.pk} have "
            f"no activation maps; expected all. Run: manage.py predict {run.dataset} --classifier "
            f"{run.classifier}, which adds them."
        )
    if PANELS_VIEW in view.panels and run.is_outside and not has_panels(run):
        raise StudyRefused(
            f"Condition {condition.name} shows panels, and the predictions {run.name} were "
            "imported without any; expected panels. Import them with --evidence under another "
            "name, or choose the view none."
        )
    if view.needs_pairs and (n := n_lacking(run)):
        raise StudyRefused(
            f"Condition {condition.name} ranks again for the parts that people choose, and {n} "
            f"predictions of run {run.pk} have no stored cosines; expected all. Run: manage.py "
            f"predict {run.dataset} --classifier {run.classifier}, which adds them."
        )
    has_matcher = classifier is not None and classifier.needs_matcher
    is_whole_square = has_matcher and run.parameters.get("paper", False)
    is_crop = run.parameters.get("transform", "crop") == "crop" and not is_whole_square
    if view.needs_crop and not is_crop:
        raise StudyRefused(
            f"Condition {condition.name} shows matched patches of run {run.pk}, whose queries were "
            f"prepared otherwise than the photos that people see ({run.parameters}); expected "
            "transform=crop, and paper=false for CHM-Corr."
        )
