"""Bring the catalogues of participants' texts up to date with the sources, and compile them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trials.catalogues import file_of, po
from trials.catalogues.sources import messages
from trials.study.languages import ENGLISH, LANGUAGES


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        needed, missing = messages(), 0
        for language in LANGUAGES:
            if language == ENGLISH:
                continue
            path = file_of(language)
            if not path.is_file():
                raise CommandError(
                    f"{path} is missing. Make it with a header that has the line Plural-Forms; "
                    "docs/languages.md says how to add a language."
                )
            old = po.read(path.read_text(encoding="utf-8"))
            entries = {each: _forms(old, each) for each in needed}
            new = po.Catalogue(old.header, entries)
            path.write_text(po.write(new), encoding="utf-8")
            file_of(language, "mo").write_bytes(po.compiled(new))
            empty = [each for each, forms in entries.items() if not all(forms)]
            missing += len(empty)
            self.stdout.write(f"{language}: {len(entries)} texts, {len(empty)} not translated")
            for each in empty[:10]:
                self.stdout.write(f"  {each.text}")
        if missing:
            raise CommandError(f"{missing} texts are not translated. Fill them in, then run again.")


def _forms(old: po.Catalogue, message: po.Message) -> tuple[str, ...]:
    n = old.n_plurals if message.plural else 1
    return old.entries.get(message, ("",) * n)
