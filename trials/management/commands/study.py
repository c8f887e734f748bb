"""``manage.py study VERB STUDY``: everything that the researchers' pages do to a study."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifiers.management.lookup import by_slug
from classifiers.models import Dataset
from trials import services
from trials.models import Study
from trials.services.archive import study_export
from trials.services.archive_import import study_import
from trials.services.launch import study_check, study_launch, study_launch_pilot
from trials.services.study_lists import files_keep
from trials.study.checklist import Level
from trials.study.document import Change, PlanRefused, changes, read_bytes, write

Move = Callable[..., Study]
MOVES: dict[str, tuple[Move, str]] = {
    "pilot": (study_launch_pilot, "begin the pilot, unless the checklist refuses it"),
    "open": (
        study_launch,
        "open the study for people whose data count, unless the checklist refuses it",
    ),
    "pause": (services.study_pause, "let no new people in"),
    "close": (services.study_close, "let no new people in; this cannot be undone"),
    "version": (services.study_version, "make a draft of the next version"),
}


class Command(BaseCommand):
    help = "List, check, launch, version, copy, compare, export, import and verify studies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("list", help="every study with its state")
        for verb, (_, told) in MOVES.items():
            _on_study(verbs.add_parser(verb, help=told))
        _on_study(verbs.add_parser("show", help="the document, in YAML"))
        _on_study(verbs.add_parser("verify", help="whether anything that people see has changed"))
        check = _on_study(verbs.add_parser("check", help="the checklist before a launch"))
        check.add_argument("--pilot", action="store_true", help="the checklist before a pilot")
        revise = _on_study(verbs.add_parser("revise", help="give a draft another document"))
        revise.add_argument("file", type=Path, help="the document, in YAML or JSON")
        copy = _on_study(verbs.add_parser("copy", help="make a draft with the same document"))
        copy.add_argument("slug", help="the copy's name in addresses")
        copy.add_argument("--dataset", help="on other photos")
        diff = _on_study(verbs.add_parser("diff", help="what differs between two documents"))
        diff.add_argument("other", nargs="?", help="another study; if left out the version before")
        export = _on_study(verbs.add_parser("export", help="write the study as one file"))
        export.add_argument("file", type=Path, help="the zip to write")
        export.add_argument("--photos", action="store_true", help="with the photos' crops")
        brought = verbs.add_parser("import", help="make a study from an exported file")
        brought.add_argument("file", type=Path, help="an exported zip, or a document in YAML")
        brought.add_argument("slug", help="the study's name in addresses")
        brought.add_argument("dataset", help="slug of the dataset with its photos")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            if verb in MOVES:
                after = MOVES[verb][0](study=by_slug(Study, options["study"]))
                self.stdout.write(f"Study {after} is {after.status}.")
            else:
                getattr(self, f"_{verb}")(options)
        except (services.StudyRefused, PlanRefused) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error}.") from error

    def _list(self, options: dict[str, Any]) -> None:
        for study in Study.objects.select_related("dataset").order_by("pk"):
            frozen = study.frozen_sha256[:12] or "not frozen"
            self.stdout.write(f"{study.slug:30} {study.status:7} {study.dataset.slug:20} {frozen}")

    def _show(self, options: dict[str, Any]) -> None:
        self.stdout.write(write(by_slug(Study, options["study"]).document), ending="")

    def _check(self, options: dict[str, Any]) -> None:
        study = by_slug(Study, options["study"])
        checks = study_check(study, for_pilot=options["pilot"])
        for check in checks:
            self.stdout.write(f"{check.level:8} {check.name}: {check.said}")
        if any(check.level == Level.REFUSAL for check in checks):
            raise CommandError(f"Study {study} cannot be launched yet.")

    def _verify(self, options: dict[str, Any]) -> None:
        verdict = services.study_verify(by_slug(Study, options["study"]))
        if not verdict.is_same:
            raise CommandError("\n".join(verdict.said))
        self.stdout.write("\n".join(verdict.said))

    def _revise(self, options: dict[str, Any]) -> None:
        study, path = by_slug(Study, options["study"]), options["file"]
        before = study.document
        study = services.study_revise(
            study=study, document=files_keep(read_bytes(path.read_bytes(), str(path)), path.parent)
        )
        self._tell(changes(before, study.document))

    def _copy(self, options: dict[str, Any]) -> None:
        study, other = by_slug(Study, options["study"]), options["dataset"]
        dataset = by_slug(Dataset, other) if other else None
        copy = services.study_copy(study=study, slug=options["slug"], dataset=dataset)
        self.stdout.write(f"Study {copy} is a draft on {copy.dataset}.")

    def _diff(self, options: dict[str, Any]) -> None:
        study = by_slug(Study, options["study"])
        other = by_slug(Study, options["other"]) if options["other"] else study.previous
        if other is None:
            raise CommandError(f"Study {study} is the first version; name another study.")
        self._tell(changes(other.document, study.document))

    def _tell(self, found: list[Change]) -> None:
        for item in found:
            self.stdout.write(f"{item.path}: {item.before!r} -> {item.after!r}")
        if not found:
            self.stdout.write("The documents are the same.")

    def _export(self, options: dict[str, Any]) -> None:
        study = by_slug(Study, options["study"])
        with options["file"].open("wb") as target:
            study_export(study, target, has_photos=options["photos"])
        self.stdout.write(f"Study {study} is in {options['file']}.")

    def _import(self, options: dict[str, Any]) -> None:
        dataset = by_slug(Dataset, options["dataset"])
        with options["file"].open("rb") as file:
            made = study_import(file=file, slug=options["slug"], dataset=dataset)
        for sha256 in made.missing:
            self.stdout.write(f"missing photo {sha256}")
        self.stdout.write(f"Study {made.study} is {made.study.status}. {made.said}")


def _on_study(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("study", help="slug of a study")
    return parser
