"""Explanations of an AI's predictions: panels, their files, their writer and their reader."""

from classifiers.core.evidence.panels import (
    Bars,
    ExemplarImage,
    Exemplars,
    Heatmap,
    Match,
    Panel,
    Picture,
    Text,
)
from classifiers.core.evidence.writer import Writer

__all__ = [
    "Bars",
    "ExemplarImage",
    "Exemplars",
    "Heatmap",
    "Match",
    "Panel",
    "Picture",
    "Text",
    "Writer",
]
