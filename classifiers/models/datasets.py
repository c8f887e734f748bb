"""Labelled photos: datasets, their categories and images, and their imports."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import connections, models
from django.db.models import Q
from django.db.models.functions import Collate

from classifiers.core.inputs.reading import DEEPEST, LEAST_WHITE, Reading
from classifiers.job_model import PhasedJob
from classifiers.tokens import crop_path, new_token


class Dataset(models.Model):
    """A labelled image folder. ``root`` is the folder of the original files."""

    slug = models.SlugField(unique=True)
    root = models.CharField(max_length=1000)
    split_seed = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Seed that draws gallery and query photos; empty: folders decide.",
    )
    query_share = models.FloatField(null=True, blank=True)
    grey_white = models.PositiveIntegerField(
        default=DEEPEST, help_text="The value of a 16-bit grey photo that is shown as white."
    )
    is_read_plain = models.BooleanField(
        default=False,
        editable=False,
        help_text="Whether colour profiles are ignored, as in the first release.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(grey_white__gte=LEAST_WHITE, grey_white__lte=DEEPEST),
                name="grey_white_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def reading(self) -> Reading:
        """How the numbers in the files of the dataset become colours. This never changes."""
        return Reading(self.grey_white, self.is_read_plain)


class Category(models.Model):
    """A class of the dataset. ``index`` is the rank of the folder name, as classifiers see it."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="categories")
    name = models.CharField(max_length=200, help_text="The name of the folder.")
    label = models.CharField(max_length=200, help_text="The name that people read.")
    definition = models.TextField(blank=True)
    index = models.PositiveIntegerField()

    class Meta:
        ordering = ["dataset", "index"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["dataset", "name"], name="category_name_once"),
        ]

    def __str__(self) -> str:
        return self.label


class ImageQuerySet(models.QuerySet["Image"]):
    """Reads of images."""

    def in_split(self, dataset: Dataset, split: str) -> ImageQuerySet:
        """Return one split in ImageFolder order: category by category, then file name.

        Names compare byte by byte in every database, so that the same photos have one order.
        """
        collation = "C" if connections[self.db].vendor == "postgresql" else "BINARY"
        found = self.filter(dataset=dataset, split=split)
        return found.order_by("category__index", Collate("source", collation))


class Truth(models.TextChoices):
    """Where the right answers about an image come from."""

    FOLDER = "folder", "its folder's category"
    LABELS = "labels", "its accepted labels, of which the dataset may lack all"
    NONE = "none", "nobody labelled it: no study draws it, and no figure counts it"


class Image(models.Model):
    """One photo. ``token`` names its crop in URLs and tells a participant nothing."""

    GALLERY, QUERY = "gallery", "query"

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="images")
    category = models.ForeignKey(Category, models.CASCADE, related_name="images")
    split = models.CharField(max_length=50)
    source = models.CharField(max_length=1000, help_text="The path below the root of the dataset.")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    pixels_sha256 = models.CharField(
        max_length=64,
        blank=True,
        default="",
        help_text="Fingerprint of the pixels, the same in every file format; empty: not computed.",
    )
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    truth = models.CharField(
        max_length=10, choices=Truth, default=Truth.FOLDER, help_text="Which answers are right."
    )

    objects = ImageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "sha256"], name="image_bytes_once"),
        ]
        indexes = [models.Index(fields=["dataset", "split"])]

    def __str__(self) -> str:
        return f"{self.dataset_id}:{self.source}"

    @property
    def path(self) -> Path:
        """The path of the original file."""
        return Path(self.dataset.root) / self.source

    @property
    def crop_path(self) -> Path:
        """The path of the crop that people see."""
        return crop_path(self.token)

    def accepts(self, category_id: int) -> bool:
        """Whether a category is right for it.

        In queries, ``is_accepted_label`` is the same rule.
        """
        if self.truth == Truth.FOLDER:
            return self.category_id == category_id
        return self.accepted.filter(category_id=category_id).exists()

    @property
    def right_categories(self) -> list[Category]:
        """The categories that are a right answer, in the dataset's order; none if unknown."""
        if self.truth == Truth.FOLDER:
            return [self.category]
        return list(Category.objects.filter(accepted_for__image=self).order_by("index"))


class AcceptedLabel(models.Model):
    """One of several categories that are a right answer for an image."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="accepted")
    category = models.ForeignKey(Category, models.CASCADE, related_name="accepted_for")

    class Meta:
        ordering = ["image", "category"]
        constraints = [
            models.UniqueConstraint(fields=["image", "category"], name="accepted_label_once"),
        ]

    def __str__(self) -> str:
        return f"{self.image_id}: {self.category_id}"


class DatasetImport(PhasedJob):
    """A running or finished import of photos into a dataset, started in the browser.

    ``root`` is the folder they are imported from; ``archive`` the uploaded file that is unpacked
    into it first, empty for a folder on the server. ``refused`` lists the files that were not
    imported, ``remarks`` imported files that somebody should look at, each as [path, reason].
    """

    slug = models.SlugField()
    root = models.CharField(max_length=1000)
    archive = models.CharField(max_length=1000, blank=True)
    query_share = models.FloatField(null=True, blank=True)
    split_seed = models.BigIntegerField(null=True, blank=True)
    encoding = models.CharField(
        max_length=20,
        blank=True,
        default="",
        help_text="The encoding of the file names in the archive, if it was given.",
    )
    grey_white = models.PositiveIntegerField(null=True, blank=True)
    n_new = models.PositiveIntegerField(default=0)
    n_refused = models.PositiveIntegerField(default=0)
    remarks: models.JSONField[list[list[str]], list[list[str]]] = models.JSONField(
        default=list, blank=True
    )
    refused: models.JSONField[list[list[str]], list[list[str]]] = models.JSONField(default=list)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"import into {self.slug}"
