"""Refusals of the trials app; each message says what was seen, expected, and what to do."""

from collections.abc import Mapping
from typing import Any

from trials.study.document import retired_rules


class StudyRefused(ValueError):
    """A study that cannot be made, changed or entered."""


class StudyChanged(StudyRefused):
    """A draft that another user saved since it was read."""


class StudyNotOpen(StudyRefused):
    """Nobody can enter: the study is a draft, paused or closed, or every arm is switched off."""


class StudyFull(StudyRefused):
    """No place is free. ``is_for_good`` if all required people have completed."""

    def __init__(self, is_for_good: bool) -> None:
        self.is_for_good = is_for_good
        super().__init__(
            "This study has all the people it wanted."
            if is_for_good
            else "Every place of this study is taken at the moment; one may become free again."
        )


class AlreadyTookPart(StudyRefused):
    """The same person, by the recruitment id, took part in this study or in one of its group."""


class BegunElsewhere(StudyRefused):
    """A recruitment id with a session under way, without proof that it is the same person."""


class PageTaken(StudyRefused):
    """A page of consent that someone else sent before."""


def retired_refuse(document: Mapping[str, Any]) -> None:
    """Raise ``StudyRefused`` for a stored draft with a rule that only earlier versions accepted."""
    if retired := retired_rules(document):
        raise StudyRefused(
            f"Exclusion rules {', '.join(retired)}: no study measures this. Take them out of the "
            "document; is_repeat excludes who took part before."
        )
