"""What the machines leave behind: images, galleries, predictions."""

from classifiers.job_model import Job, PhasedJob
from classifiers.models.datasets import Category, Dataset, DatasetImport, Image, ImageQuerySet
from classifiers.models.predictions import (
    AI_IS_RIGHT,
    Evidence,
    Gallery,
    Neighbor,
    Prediction,
    PredictionQuerySet,
    PredictionRun,
    PredictionRunQuerySet,
    ai_is_right,
)
from classifiers.tokens import new_token  # the first migration finds it here

__all__ = [
    "AI_IS_RIGHT",
    "Category",
    "Dataset",
    "DatasetImport",
    "Evidence",
    "Gallery",
    "Image",
    "ImageQuerySet",
    "Job",
    "Neighbor",
    "PhasedJob",
    "Prediction",
    "PredictionQuerySet",
    "PredictionRun",
    "PredictionRunQuerySet",
    "ai_is_right",
    "new_token",
]
