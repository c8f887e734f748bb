"""Messages to participants from pure code: it marks their texts, and pages translate them. Pure."""

from __future__ import annotations


def marked(text: str) -> str:
    """Return a text unchanged; the mark brings it into the catalogues of languages."""
    return text


class ToPerson(ValueError):
    """An error whose message a participant reads: a text with ``%(name)s``, and its values."""

    def __init__(self, text: str, **values: object) -> None:
        self.text, self.values = text, values
        super().__init__(text % values if values else text)
