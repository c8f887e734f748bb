"""The way of a new site in four steps: photos, AI, study, people; and the one next step.

Pure but for ``site_counts``, which takes a fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from classifiers.models import Dataset, DatasetImport, Image, Job, PredictionRun
from trials.models import Study

DRAFT, PILOT, OPEN, PAUSED = (
    Study.Status.DRAFT,
    Study.Status.PILOT,
    Study.Status.OPEN,
    Study.Status.PAUSED,
)


@dataclass(frozen=True, slots=True)
class SiteCounts:
    """What a site has. ``dataset`` is the newest one; ``predicted`` the newest with predictions."""

    n_photos: int
    n_datasets: int
    n_predictions: int
    dataset: str
    predicted: str
    is_importing: bool
    is_predicting: bool


@dataclass(frozen=True, slots=True)
class StudyCounts:
    """One study that the user may change, with the number of its people."""

    slug: str
    status: str
    n_pilot: int
    n_live: int
    n_completed: int
    n_simulated: int


@dataclass(frozen=True, slots=True)
class HomeStep:
    """One of the four steps; ``url`` leads to its pages."""

    name: str
    said: str
    is_done: bool
    url: str
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class NextStep:
    """The recommended next step: the words of its button, its address, and the reason."""

    label: str
    url: str
    why: str


def site_counts() -> SiteCounts:
    """Count photos and predictions, in five queries."""
    datasets = list(Dataset.objects.order_by("-pk").values_list("pk", "slug"))
    runs = list(PredictionRun.objects.for_any_study().values_list("dataset", "status"))
    done = {pk for pk, status in runs if status == Job.Status.DONE}
    unfinished = DatasetImport.objects.filter(status__in=(Job.Status.QUEUED, Job.Status.RUNNING))
    return SiteCounts(
        n_photos=Image.objects.count(),
        n_datasets=len(datasets),
        n_predictions=sum(status == Job.Status.DONE for _, status in runs),
        dataset=datasets[0][1] if datasets else "",
        predicted=next((slug for pk, slug in datasets if pk in done), ""),
        is_importing=not datasets and unfinished.exists(),
        is_predicting=any(status in (Job.Status.QUEUED, Job.Status.RUNNING) for _, status in runs),
    )


def home_steps(site: SiteCounts, own: Sequence[StudyCounts]) -> list[HomeStep]:
    """Return the four steps; the first that is not done is the next one."""
    n_draft = sum(study.status == DRAFT for study in own)
    n_people = sum(study.n_live + study.n_pilot for study in own)
    n_completed = sum(study.n_completed for study in own)
    dataset = site.predicted or site.dataset
    of_dataset = reverse("studio-dataset", args=[dataset]) if dataset else ""
    first = own[0].slug if own else ""
    rows = [
        (
            "Photos",
            f"{_many(site.n_photos, 'photo')} in {_many(site.n_datasets, 'dataset')}"
            if site.n_datasets
            else "A zip or a folder of labelled photos",
            site.n_photos > 0,
            reverse("studio-datasets") if site.n_datasets else reverse("studio-photos"),
        ),
        (
            "AI",
            f"{_many(site.n_predictions, 'finished run')} of predictions"
            if site.n_predictions
            else "Its guess and its explanation for each photo",
            site.n_predictions > 0,
            f"{of_dataset}#galleries" if of_dataset else "",
        ),
        (
            "Study",
            f"{_many(len(own), 'study', 'studies')}, {_many(n_draft, 'draft')}"
            if own
            else "Who sees what, and how often",
            any(study.status != DRAFT for study in own),
            "#studies" if own else "",
        ),
        (
            "People",
            f"{n_people:,} started, {n_completed:,} completed"
            if n_people
            else "A pilot first, then the study itself",
            n_completed > 0,
            reverse("studio-people", args=[first]) if first and n_people else "",
        ),
    ]
    at = next((place for place, row in enumerate(rows) if not row[2]), -1)
    return [HomeStep(*row, is_next=place == at) for place, row in enumerate(rows)]


def _many(n: int, noun: str, nouns: str = "") -> str:
    return f"{n:,} {noun if n == 1 else nouns or f'{noun}s'}"


def next_at_home(site: SiteCounts, own: Sequence[StudyCounts]) -> NextStep:
    """Return what to do next on the site: about its newest study, if there is one."""
    if not site.n_datasets:
        if site.is_importing:
            return NextStep("See the import", reverse("studio-datasets"), "Photos are imported now")
        return NextStep("Import photos", reverse("studio-photos"), "A study needs photos first")
    if not site.predicted:
        url = reverse("studio-dataset", args=[site.dataset]) + "#galleries"
        if site.is_predicting:
            return NextStep("See the progress", url, "The AI is looking at the photos")
        return NextStep("Let the AI predict", url, f"{site.dataset} has photos, but no predictions")
    if not own:
        url = f"{reverse('studio-new')}?dataset={site.predicted}"
        return NextStep("Create a study", url, f"{site.predicted} has photos and predictions")
    return _next_of(next((study for study in own if study.status != Study.Status.CLOSED), own[0]))


def _next_of(study: StudyCounts) -> NextStep:
    page = reverse("studio-study", args=[study.slug])
    monitor = reverse("studio-monitor", args=[study.slug])
    name = study.slug
    if study.status == DRAFT:
        return NextStep(f"Continue with {name}", page, f"{name} is a draft: see what is missing")
    if study.status == PILOT:
        if study.n_pilot:
            return NextStep("Watch the pilot", monitor, f"{name} is in its pilot")
        return NextStep("Try the pilot", page, f"{name} is in its pilot, and nobody has taken part")
    if study.status == OPEN:
        if study.n_live:
            return NextStep("Watch the study", monitor, f"{name} is open")
        return NextStep("Invite people", f"{page}#invite", f"{name} is open, and nobody has come")
    if study.status == PAUSED:
        return NextStep(f"Continue with {name}", page, f"{name} is paused: nobody can enter")
    results = reverse("studio-results", args=[study.slug])
    return NextStep("Read the results", results, f"{name} is closed")
