"""How the numbers in image files are read. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEEPEST: Final = 65535
LEAST_WHITE: Final = 255


@dataclass(frozen=True, slots=True)
class Reading:
    """How the numbers of a dataset's files are read; one for all of its photos.

    ``white`` is the value of 16-bit grey that becomes white: 4095 for 12-bit cameras. With
    ``is_plain``, colour profiles, TIFF's "0 is white", its bits below 16 and the transparent value
    of 16-bit files are ignored, as the first release did; its datasets keep this, because galleries
    and queries must be read in the same way.
    """

    white: int = DEEPEST
    is_plain: bool = False


STANDARD: Final = Reading()
