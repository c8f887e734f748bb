"""The public address of CHMNet's learner; the code is in ``classifiers.core.chm``."""

from classifiers.core.chm.chmnet import CHMLearner, transfer_keypoints

__all__ = ["CHMLearner", "transfer_keypoints"]
