"""Photos, galleries, predictions and jobs in the database."""

from classifiers.job_model import Job, PhasedJob
from classifiers.models.datasets import (
    AcceptedLabel,
    Category,
    Dataset,
    DatasetImport,
    Image,
    ImageQuerySet,
    Truth,
)
from classifiers.models.explanations import Explanation
from classifiers.models.imports import PredictionImport
from classifiers.models.predictions import (
    Evidence,
    Gallery,
    Neighbor,
    Prediction,
    PredictionQuerySet,
    PredictionRun,
    PredictionRunQuerySet,
    ai_is_right,
    is_accepted_label,
)
from classifiers.models.shards import Shard, work_folder
from classifiers.tokens import new_token  # the first migration finds it here

__all__ = [
    "AcceptedLabel",
    "Category",
    "Dataset",
    "DatasetImport",
    "Evidence",
    "Explanation",
    "Gallery",
    "Image",
    "ImageQuerySet",
    "Job",
    "Neighbor",
    "PhasedJob",
    "Prediction",
    "PredictionImport",
    "PredictionQuerySet",
    "PredictionRun",
    "PredictionRunQuerySet",
    "Shard",
    "Truth",
    "ai_is_right",
    "is_accepted_label",
    "new_token",
    "work_folder",
]
