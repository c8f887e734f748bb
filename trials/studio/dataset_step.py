"""The one recommended next step of a dataset, for the top of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from classifiers.models import Dataset, DatasetImport, Gallery, Job, PredictionRun
from trials.models import Study
from trials.roles import User, studies_of
from trials.studio.home_steps import NextStep

UNDER_WAY = (Job.Status.QUEUED, Job.Status.RUNNING)


@dataclass(frozen=True, slots=True)
class DatasetStanding:
    """What the next step depends on: the states of the last import, the galleries and the runs.

    ``has_photos`` is whether the dataset is there, ``draft`` the user's newest draft on it.
    """

    slug: str
    has_photos: bool
    imported: str
    galleries: Sequence[str]
    runs: Sequence[str]
    draft: str


def dataset_step(now: DatasetStanding) -> NextStep:
    """Return what to do next with a dataset; no address where one can only wait. Pure."""
    computing = reverse("studio-dataset", args=[now.slug]) + "#galleries"
    if now.imported in UNDER_WAY:
        return NextStep("", "", "The photos are being imported. When they are there, choose an AI")
    if not now.has_photos:
        return NextStep("Import photos", reverse("studio-photos"), "The import has failed")
    if Job.Status.DONE in now.runs:
        if now.draft:
            study = reverse("studio-study", args=[now.draft])
            return NextStep(f"Continue with {now.draft}", study, "A draft uses these photos")
        new = f"{reverse('studio-new')}?dataset={now.slug}"
        return NextStep("Create a study", new, "The photos and an AI's predictions are there")
    if any(status in UNDER_WAY for status in now.runs):
        why = "The AI is looking at the photos. When it is done, create a study"
        return NextStep("", "", why)
    if Job.Status.DONE in now.galleries:
        why = "The AI has its memory. Now it can predict the photos that people judge"
        return NextStep("Let the AI predict", computing, why)
    if any(status in UNDER_WAY for status in now.galleries):
        why = "The AI's memory is being made. When it is done, let the AI predict"
        return NextStep("", "", why)
    return NextStep("Choose an AI", computing, "The photos are there, but no AI has seen them")


def dataset_standing(slug: str, user: User) -> DatasetStanding:
    """Read what the next step of a dataset depends on, in five queries."""
    last = DatasetImport.objects.filter(slug=slug).values_list("status", flat=True).first()
    galleries = Gallery.objects.filter(dataset__slug=slug).values_list("status", flat=True)
    runs = PredictionRun.objects.for_any_study().filter(dataset__slug=slug)
    drafts = studies_of(user).filter(dataset__slug=slug, status=Study.Status.DRAFT)
    return DatasetStanding(
        slug=slug,
        has_photos=Dataset.objects.filter(slug=slug).exists(),
        imported=last or "",
        galleries=list(galleries),
        runs=list(runs.values_list("status", flat=True)),
        draft=drafts.order_by("-pk").values_list("slug", flat=True).first() or "",
    )
