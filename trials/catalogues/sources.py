"""The texts to translate, found in the sources: templates, Python, and the study document's schema.

Templates are read by Django's own ``templatize``, Python by its parser: calls of the functions of
``django.utils.translation`` under the names that this project gives them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation.template import templatize

from trials.catalogues.po import Message
from trials.study.languages import standard_texts

PACKAGE: Final = Path(__file__).resolve().parent.parent
# Which argument of a call is the text, the plural and the context.
_CALLS: Final = {
    "_": (0, None, None),
    "gettext": (0, None, None),
    "gettext_lazy": (0, None, None),
    "marked": (0, None, None),
    "ngettext": (0, 1, None),
    "pgettext": (1, None, 0),
    "pgettext_lazy": (1, None, 0),
    "npgettext": (1, 2, 0),
}
_TEXT: Final = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_IN_TEMPLATE: Final = re.compile(
    rf"\b(_|n?p?gettext)\(\s*{_TEXT}(?:\s*,\s*{_TEXT})?(?:\s*,\s*{_TEXT})?"
)


def messages() -> list[Message]:
    """Return every text that participants may read, without repetition, in a fixed order."""
    found = [*_of_templates(), *_of_python(), *(Message(text) for text in standard_texts())]
    return sorted(set(found))


def _of_templates() -> Iterator[Message]:
    folder = Path(str(settings.STATICFILES_DIRS[0])).with_name("templates")
    for path in [*folder.glob("*.html"), *folder.glob("trials/**/*.html")]:
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        for found in _IN_TEMPLATE.finditer(source):
            yield _message(
                found[1], [ast.literal_eval(each) for each in found.groups()[1:] if each]
            )


def _of_python() -> Iterator[Message]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            if node.func.id in _CALLS and texts and isinstance(texts[0], str):
                yield _message(node.func.id, list(map(str, texts)))


def _message(name: str, texts: list[str]) -> Message:
    text, plural, context = _CALLS[name]
    return Message(
        texts[text],
        "" if plural is None else texts[plural],
        "" if context is None else texts[context],
    )
