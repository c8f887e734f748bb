"""EMD-Corr: patch maps, transport plans between them, and the score of two images."""

from classifiers.core.emd.emd import emd_scores

__all__ = ["emd_scores"]
