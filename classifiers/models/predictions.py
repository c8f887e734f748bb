"""The results of classifiers: galleries, runs, predictions and their neighbours.

Predictions, neighbours and evidence are append-only, because studies show them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q

from classifiers.job_model import PhasedJob
from classifiers.models.datasets import AcceptedLabel, Category, Dataset, Image, Truth
from classifiers.run_names import MAX_NAME, run_name


class Gallery(PhasedJob):
    """The features of a dataset's gallery split under one backbone, in files on disk."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="galleries")
    backbone = models.CharField(max_length=50)
    skipped: models.JSONField[list[list[Any]], list[list[Any]]] = models.JSONField(
        default=list, blank=True, help_text="Photos that could not be read, as [id, reason]."
    )

    class Meta:
        verbose_name_plural = "galleries"
        constraints = [
            models.UniqueConstraint(fields=["dataset", "backbone"], name="gallery_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset}/{self.backbone}"

    @property
    def folder(self) -> Path:
        """The folder of the feature arrays and their manifest."""
        return Path(settings.GALLERY_DIR) / f"{self.dataset.slug}-{self.backbone}"


class PredictionRunQuerySet(models.QuerySet["PredictionRun"]):
    """Reads of runs."""

    def for_any_study(self) -> PredictionRunQuerySet:
        """Return the runs that any study may use: computed here, or imported by a researcher."""
        return self.filter(imported_for="")

    def computed(self) -> PredictionRunQuerySet:
        """Return the runs that this site computed, or computes."""
        return self.filter(imported_for="", gallery__isnull=False)


class PredictionRun(PhasedJob):
    """The predictions of one AI over one split: computed here, or imported.

    A computed run is one classifier with one set of parameters against one gallery. A run of an
    outside AI has no ``gallery``: its predictions and panels came from files
    (``services/prediction_imports.py``); its ``classifier`` repeats its name.

    ``imported_for`` is empty for runs that any study may use. Predictions that came with a study's
    file carry that study's name: they are whatever the file says, so they belong to this study
    alone, and no request and no other study takes them.

    ``name`` is what commands and study documents call the run; it is unique in the dataset. Without
    a given name it is that of ``run_names.run_name``.
    """

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="runs")
    gallery = models.ForeignKey(Gallery, models.CASCADE, null=True, blank=True, related_name="runs")
    name = models.CharField(
        max_length=MAX_NAME,
        help_text="The name of these predictions in commands and study documents.",
    )
    classifier = models.CharField(max_length=MAX_NAME)
    split = models.CharField(max_length=50, default=Image.QUERY)
    parameters: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    parameters_sha256 = models.CharField(max_length=64)
    imported_for = models.CharField(
        max_length=50,
        blank=True,
        default="",
        editable=False,
        help_text="The study whose file contained the predictions; empty: any study may use them.",
    )
    skipped: models.JSONField[list[list[Any]], list[list[Any]]] = models.JSONField(
        default=list, blank=True, help_text="Photos that could not be read, as [id, reason]."
    )

    objects = PredictionRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gallery", "classifier", "split", "parameters_sha256", "imported_for"],
                name="run_once",
            ),
            models.UniqueConstraint(
                fields=["dataset", "name", "imported_for"], name="run_name_once"
            ),
            # No worker adds to imported predictions.
            models.CheckConstraint(
                condition=Q(imported_for="") | Q(status="done"), name="imported_run_is_done"
            ),
            models.CheckConstraint(
                condition=Q(gallery__isnull=False) | Q(status="done"), name="outside_run_is_done"
            ),
        ]

    def __str__(self) -> str:
        if self.gallery is None:
            return f"{self.dataset} {self.name} on {self.split}"
        return f"{self.gallery} {self.classifier} on {self.split}"

    def save(self, *args: Any, **options: Any) -> None:
        """Store the run.

        Without a dataset it gets the gallery's, without a name the default one.
        """
        if self.gallery is not None:
            self.dataset_id = self.dataset_id or self.gallery.dataset_id
        if not self.name:
            same = PredictionRun.objects.filter(dataset=self.dataset_id)
            taken = same.filter(imported_for=self.imported_for).values_list("name", flat=True)
            self.name = run_name(
                self.classifier,
                self.parameters,
                backbone=self.backbone,
                split=self.split,
                taken=set(taken),
            )
        super().save(*args, **options)

    @property
    def is_outside(self) -> bool:
        """Whether an outside AI made the predictions."""
        return self.gallery_id is None

    @property
    def backbone(self) -> str:
        """The backbone of the gallery; empty for an outside AI."""
        return self.gallery.backbone if self.gallery else ""

    @property
    def own_gallery(self) -> Gallery:
        """The gallery of a run that this site computes. ``ValueError`` for an outside AI's."""
        if self.gallery is None:
            raise ValueError(f"{self} was imported; expected a run that this site computes.")
        return self.gallery


# Whether the AI is right, as a query; ``Prediction.is_right`` is the same rule in Python.
def is_accepted_label(*, label: str, image: str) -> Q:
    """Return the condition that a category is a right answer, from lookups of both.

    A right answer is one of the image's accepted labels. If the image has none of its own, it is
    the category of its folder. A missing category is not right.
    """
    by_folder = {f"{image}__truth": Truth.FOLDER, label: F(f"{image}__category")}
    accepted = AcceptedLabel.objects.filter(image=OuterRef(image), category=OuterRef(label))
    return Q(**by_folder) | Q(Exists(accepted))


def ai_is_right(path: str = "") -> Q:
    """Return the condition that the AI is right, of rows that reach a prediction by ``path``."""
    return is_accepted_label(label=f"{path}category", image=f"{path}image")


class PredictionQuerySet(models.QuerySet["Prediction"]):
    """Reads of predictions."""

    def with_correctness(self) -> PredictionQuerySet:
        """Annotate ``is_correct``: whether the AI is right."""
        return self.annotate(is_correct=ai_is_right())

    def right(self) -> PredictionQuerySet:
        """Return those where the AI is right."""
        return self.filter(ai_is_right())

    def counts(self) -> tuple[int, int]:
        """Return how many are right, and for how many this is known."""
        known = self.with_truth()
        found = known.aggregate(n_right=Count("pk", filter=ai_is_right()), n=Count("pk"))
        return found["n_right"], found["n"]

    def with_truth(self) -> PredictionQuerySet:
        """Return those of images that have a known right answer."""
        return self.exclude(image__truth=Truth.NONE)


class Prediction(models.Model):
    """What one run decided for one image: the stored form of ``decision.Decision``."""

    run = models.ForeignKey(PredictionRun, models.CASCADE, related_name="predictions")
    image = models.ForeignKey(Image, models.CASCADE, related_name="predictions")
    category = models.ForeignKey(Category, models.CASCADE, related_name="+")
    confidence = models.FloatField(
        null=True, blank=True, help_text="Empty: the AI was imported and gives no confidence."
    )
    n_votes = models.PositiveIntegerField(null=True, blank=True)
    n_voters = models.PositiveIntegerField(null=True, blank=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "image"], name="prediction_once"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="confidence_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.image_id} -> {self.category_id}"

    @property
    def is_right(self) -> bool:
        """Whether the AI is right. In queries, ``ai_is_right`` is the same rule."""
        return self.image.accepts(self.category_id)


class Neighbor(models.Model):
    """A voter of a prediction: the stored form of ``decision.Neighbor``."""

    prediction = models.ForeignKey(Prediction, models.CASCADE, related_name="neighbors")
    rank = models.PositiveIntegerField()
    image = models.ForeignKey(Image, models.CASCADE, related_name="+")
    score = models.FloatField()
    similarity = models.FloatField()
    matches: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list, blank=True
    )

    class Meta:
        ordering = ["prediction", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["prediction", "rank"], name="neighbor_rank_once"),
        ]

    def __str__(self) -> str:
        return f"{self.prediction_id}[{self.rank}]"


class Evidence(models.Model):
    """What explains a prediction besides its neighbours. Append-only, like the prediction.

    ``panels`` are JSON objects as ``classifiers.core.evidence`` defines them; a file is named by
    the SHA-256 of its re-encoded bytes (``services/panel_files.py``), a photo by that of its file.
    ``scores`` holds the scores of categories by name, as the AI gave them.
    """

    prediction = models.OneToOneField(Prediction, models.CASCADE, related_name="evidence")
    panels: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list, blank=True
    )
    scores: models.JSONField[dict[str, float], dict[str, float]] = models.JSONField(
        default=dict, blank=True
    )

    class Meta:
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return f"evidence of {self.prediction_id}"
