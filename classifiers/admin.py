"""Read-only admin pages of galleries, runs and predictions. Predictions are append-only."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from classifiers.models import Category, Dataset, Gallery, Image, Prediction, PredictionRun


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that are written by commands and workers only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(ReadOnly):
    """Categories; their labels and definitions come from the folder's categories.csv."""

    list_display = ["label", "name", "dataset", "index"]
    list_filter = ["dataset"]


@admin.register(Dataset)
class DatasetAdmin(ReadOnly):
    list_display = ["slug", "root", "split_seed", "query_share", "created_at"]


@admin.register(Image)
class ImageAdmin(ReadOnly):
    list_display = ["source", "split", "category", "width", "height"]
    list_filter = ["dataset", "split"]
    search_fields = ["source", "sha256", "token"]


@admin.register(Gallery)
class GalleryAdmin(ReadOnly):
    list_display = ["dataset", "backbone", "status", "n_done", "n_total", "error"]


@admin.register(PredictionRun)
class PredictionRunAdmin(ReadOnly):
    list_display = [
        "name", "gallery", "classifier", "split", "imported_for", "status", "n_done", "n_total",
        "error",
    ]  # fmt: skip


@admin.register(Prediction)
class PredictionAdmin(ReadOnly):
    list_display = ["image", "category", "confidence", "run"]
    list_filter = ["run"]
    list_select_related = ["image", "category", "run"]
