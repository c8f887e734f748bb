"""Catalogues of gettext in pure Python: .po files are read and written, .mo files are written.

The formats are those of GNU gettext's manual, "PO Files" and "MO Files". No library is used: Babel
would add 36 MB to every site for these few lines. Pure.
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])? (".*")')
_N_PLURALS: Final = re.compile(r"nplurals=(\d+)")
_MAGIC: Final = 0x950412DE


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A text to translate: with its plural if it has one, and the context that tells it apart."""

    text: str
    plural: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The header of a .po file, and the translations of its messages: one for each plural form."""

    header: str
    entries: Mapping[Message, tuple[str, ...]]

    @property
    def n_plurals(self) -> int:
        """How many plural forms the language has."""
        found = _N_PLURALS.search(self.header)
        if found is None:
            raise ValueError("The header has no line 'Plural-Forms: nplurals=N; plural=...'.")
        return int(found[1])


def read(text: str) -> Catalogue:
    """Return the catalogue of a .po file's text. Obsolete entries (``#~``) are left out.

    Raises ``ValueError`` with the number and the content of a line that cannot be read.
    """
    entries: dict[Message, tuple[str, ...]] = {}
    for fields in _blocks(text):
        forms = [fields[name] for name in sorted(fields) if name.startswith("msgstr")]
        message = Message(
            fields["msgid"], fields.get("msgid_plural", ""), fields.get("msgctxt", "")
        )
        entries[message] = tuple(forms)
    header = entries.pop(Message(""), ("",))[0]
    return Catalogue(header, entries)


def _blocks(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each entry: msgctxt, msgid, msgid_plural, msgstr or msgstr0 and more."""
    fields: dict[str, str] = {}
    name = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if found := _LINE.fullmatch(line):
            name = found[1] + (found[2] or "")
            if name in {"msgctxt", "msgid"} and "msgstr" in "".join(fields):
                yield fields
                fields = {}
            fields[name] = ast.literal_eval(found[3])
        elif line.startswith('"') and name:
            fields[name] += ast.literal_eval(line)
        else:
            raise ValueError(f"Line {number} is {line!r}; expected a keyword or a text in quotes.")
    if fields:
        yield fields


def write(catalogue: Catalogue) -> str:
    """Return the text of a .po file, its entries in the order of the catalogue."""
    lines = ['msgid ""', 'msgstr ""', *(_quoted(f"{line}\n") for line in _lines(catalogue.header))]
    for message, forms in catalogue.entries.items():
        lines.append("")
        if message.context:
            lines.append(f"msgctxt {_quoted(message.context)}")
        lines.append(f"msgid {_quoted(message.text)}")
        if message.plural:
            lines.append(f"msgid_plural {_quoted(message.plural)}")
            lines += [f"msgstr[{n}] {_quoted(form)}" for n, form in enumerate(forms)]
        else:
            lines.append(f"msgstr {_quoted(forms[0])}")
    return "\n".join(lines) + "\n"


def _lines(header: str) -> Iterable[str]:
    return header.strip().split("\n")


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{plain}"'


def compiled(catalogue: Catalogue) -> bytes:
    """Return the bytes of the .mo file; messages without a translation are left out."""
    texts = {b"": catalogue.header.encode()}
    for message, forms in catalogue.entries.items():
        if all(forms):
            key = f"{message.context}\x04" if message.context else ""
            key += f"{message.text}\0{message.plural}" if message.plural else message.text
            texts[key.encode()] = "\0".join(forms).encode()
    keys = sorted(texts)
    start = 7 * 4
    place = start + 2 * 8 * len(keys)
    tables, content = [b"", b""], b""
    for table, strings in enumerate((keys, [texts[key] for key in keys])):
        for each in strings:
            tables[table] += struct.pack("<2I", len(each), place + len(content))
            content += each + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, len(keys), start, start + 8 * len(keys), 0, place)
    return head + tables[0] + tables[1] + content
