"""The only import of torchvision; other modules import torchvision from here.

torchvision's wheel on PyPI is a CUDA build. With a torch without CUDA, its compiled operators
cannot be loaded, and the import fails when it registers helpers for undeclared operators.
Declaring the two operators is enough; they have no implementation, and this project does not call
them. Architectures, weight enums, transforms and ``ops.roi_align`` work; ``torchvision.io`` and
``ops.nms`` do not.
"""

from __future__ import annotations

import importlib.metadata
from typing import Final

import torch

SCHEMAS: Final = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def missing_operators(cuda: str | None, wheel: str) -> list[str]:
    """Return the operators to declare; none if torchvision's own library declares them.

    ``cuda`` is ``torch.version.cuda``; ``wheel`` torchvision's installed version, whose local
    part ("+cpu") tells a build that loads without CUDA and declares its operators itself.
    """
    if cuda is not None or wheel.endswith("+cpu"):
        return []
    return [name for name in SCHEMAS if not hasattr(torch.ops.torchvision, name)]


# A module-level name, because declarations live as long as the object that made them.
_library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
for _name in missing_operators(torch.version.cuda, importlib.metadata.version("torchvision")):
    _library.define(_name + SCHEMAS[_name])  # type: ignore[no-untyped-call]

import torchvision  # noqa: E402

__all__ = ["SCHEMAS", "missing_operators", "torchvision"]
