"""The processor that networks run on, by the variable ``STUDY_DEVICE``."""

from __future__ import annotations

import os
import re
from typing import Final

import torch

VARIABLE: Final = "STUDY_DEVICE"
EXPECTED: Final = "auto (a GPU if there is one), cpu, cuda or cuda:0, cuda:1, ..."
_CUDA: Final = re.compile(r"cuda(?::(\d+))?")


class DeviceRefused(ValueError):
    """An unknown device, or one that this machine lacks; the message says what to set."""


def device_chosen(value: str | None = None) -> torch.device:
    """Return the device that ``value`` names, or else the environment; ``auto`` if neither does.

    Features, encodings and heads are returned on the CPU whatever computes them. On a GPU their
    last bits differ: features by up to 1e-3 of their scale (``tests/core/test_devices.py``).

    Raises
    ------
    DeviceRefused
        An unknown value, or a GPU that this machine or this build of torch lacks.

    """
    named = (os.environ.get(VARIABLE, "") if value is None else value).strip() or "auto"
    n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if named == "auto":
        return torch.device("cuda" if n_gpus else "cpu")
    if named == "cpu":
        return torch.device("cpu")
    match = _CUDA.fullmatch(named)
    if match is None:
        raise DeviceRefused(f"{VARIABLE} is {named!r}; expected {EXPECTED}.")
    if int(match[1] or 0) >= n_gpus:
        raise DeviceRefused(
            f"{VARIABLE} is {named!r}, and torch {torch.__version__} finds {n_gpus} GPUs here. Set "
            "auto or cpu, or install a torch built for CUDA."
        )
    return torch.device(named)
