"""What explains an AI's predictions: panels, their files, and how they are written and read."""

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
