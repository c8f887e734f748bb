"""A safe subset of YAML 1.1, in which every number has the value that a person reads.

In YAML a second key of the same name replaces the first, ``2:50`` is 170, ``012`` is 10, and a few
lines of aliases can expand beyond any memory. This module refuses all of these and names the line.
Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

MAX_BYTES: Final = 200_000
"""Of a text; a study's document has some 3,000, with its own consent text some 30,000."""
MAX_DEPTH: Final = 20
MAX_SHOWN: Final = 500

_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL: Final = re.compile(
    r"[-+]?([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][-+]?[0-9]{1,4})?"
)
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)
_LINE_ENDS: Final = frozenset("\x85\u2028\u2029\ufeff")
_MERGE: Final = "tag:yaml.org,2002:merge"


class TextRefused(yaml.MarkedYAMLError):
    """Valid YAML with an unintended meaning; ``expected`` says what to write instead."""

    def __init__(self, seen: str, mark: Any, expected: str) -> None:
        super().__init__(problem=seen if len(seen) <= 60 else f"{seen[:60]}...", problem_mark=mark)
        self.expected = expected


class _Loader(yaml.SafeLoader):
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            expected = "the text written out; aliases are not read"
            raise TextRefused(f"*{event.anchor}", event.start_mark, expected)
        # Depth is limited while reading, because unlimited nesting would exhaust the stack.
        if self.depth > MAX_DEPTH + 1:
            raise TextRefused("more below", event.start_mark, f"at most {MAX_DEPTH} levels")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.tag == _MERGE:
                raise TextRefused("<<", key.start_mark, "the fields written out")
            if key.value in lines:
                expected = f"each name once; it is already in line {lines[key.value]}"
                raise TextRefused(f"{key.value} again", key.start_mark, expected)
            lines[key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)

    def construct_plain_int(self, node: yaml.ScalarNode) -> int:
        return int(_written(node, _WHOLE))

    def construct_plain_float(self, node: yaml.ScalarNode) -> float:
        if _NOT_FINITE.fullmatch(node.value):
            return float(node.value.replace(".", ""))  # refused later, with the field's name
        return float(_written(node, _DECIMAL))


def _written(node: yaml.ScalarNode, plain: re.Pattern[str]) -> str:
    """Return a number's text, if it is written unambiguously."""
    if not plain.fullmatch(node.value):
        expected = "a plain decimal number, such as 170 or 2.5, or the text in quotes"
        raise TextRefused(node.value, node.start_mark, expected)
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_plain_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_plain_float)


class _Dumper(yaml.SafeDumper):
    """A dumper that writes no aliases and quotes characters that act as line ends."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, data: str) -> yaml.Node:
        style = '"' if set(data) & _LINE_ENDS else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Dumper.add_representer(str, _Dumper.represent_text)


def parse(text: str) -> Any:
    """Read a text. Raises ``yaml.YAMLError`` with the place; ``ValueError`` for a bad value."""
    if (n_bytes := len(text.encode("utf-8", "replace"))) > MAX_BYTES:
        raise TextRefused(f"{n_bytes:,} bytes", None, f"at most {MAX_BYTES:,}")
    return yaml.load(text, _Loader)  # noqa: S506 - a safe one that reads even less


def written(document: Mapping[str, Any]) -> str:
    """Return a document as YAML that ``parse`` reads back, in the order of its fields."""
    text: str = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=88
    )
    return text


def storable_problem(value: object) -> str:
    """Return what was expected instead of a value that cannot be stored; empty if it can."""
    if isinstance(value, str):
        is_plain = printable(value) == value
        return "" if is_plain else "a text without NUL and halves of characters"
    if isinstance(value, float) and not math.isfinite(value):
        return "a finite number"
    is_json = isinstance(value, int | float | None)
    return "" if is_json else "a text, a number, true, false, a list or a table of fields"


def printable(text: str) -> str:
    """Return a text with lone surrogates and NUL written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", r"\0")


def shortened(value: object) -> str:
    """Return a value as a refusal shows it: a large one is cut."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
