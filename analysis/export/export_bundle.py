"""A study's whole export: data, tables, figures, code and metadata in one folder.

Data are streamed from the database to the files. The tables are computed from these files, as in
the export's script. Everything is written to a scratch folder and moved to its place when complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path

import yaml
from pandas import DataFrame

from analysis.codebook.codebook import CODEBOOK, DATA, Columns, codebook_rows
from analysis.export.export_code import code_write
from analysis.export.export_facts import Facts, Resource, renamed
from analysis.export.export_metadata import (
    croissant,
    datapackage,
    dataset_description,
    json_text,
)
from analysis.export.export_place import (
    MANIFEST,
    STUDY_FILE,
    ExportRefused,
    Origin,
    files_below,
    files_move,
    foreign_refuse,
    manifest_write,
    scratch_folder,
)
from analysis.export.export_texts import (
    DATA_TITLES,
    changes,
    citation,
    readme,
    simulated_note,
    texts_note,
)
from analysis.export.reference_ids import reference_hash
from analysis.export.reference_schema import reference_write
from analysis.rows.collected import CollectedRows
from analysis.rows.frame import CHUNK_ROWS
from analysis.rows.interim import looks_declared
from analysis.rows.overview import declared_of, n_robots
from analysis.tables.csv_cells import cell, csv_open
from analysis.tables.csv_tables import table_write
from analysis.tables.recompute import (
    PACKAGE_FILE,
    PLAN_FILE,
    figure_files,
    frames_read,
    table_columns,
    table_path,
    tables_from,
)
from analysis.tables.tables import texts_of
from classifiers.files import file_sha256
from trials.models import Participant, Study

__all__ = [
    "MANIFEST", "ExportRefused", "Exported", "Parts", "bundle_write", "data_path", "files_below",
]  # fmt: skip

IGNORED = (
    "code", "figures", "reference", "rerun", "tables", "analyse.py", "analysis_plan.json",
    "CITATION.cff", "codebook.csv", "consort.csv", "croissant.json", "datapackage.json", MANIFEST,
    "read.R", "requirements.txt", STUDY_FILE, "study.yaml",
)  # fmt: skip

# Called with what is being written, and how many of about how many rows are done.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """The contents of an export: whose answers, and whether they include free text."""

    include_simulated: bool = False
    stage: str = Participant.Stage.LIVE
    include_texts: bool = False

    @property
    def is_pilot(self) -> bool:
        """Whether the export is of the pilot."""
        return self.stage == Participant.Stage.PILOT


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """The result of an export: its folder, files, tables by name, and what was left out."""

    folder: Path
    files: tuple[str, ...]
    tables: dict[str, DataFrame]
    simulated_note: str
    texts_note: str


def data_path(
    slug: str,
    kind: str,
    *,
    include_simulated: bool,
    stage: str = Participant.Stage.LIVE,
    include_texts: bool = False,
) -> str:
    """Return a data file's path, named as Psych-DS requires: keywords and hyphens only.

    Only letters and digits of the slug remain; the keyword ``description`` says which file it is.
    """
    short = re.sub(r"[^a-zA-Z0-9]", "", slug) or "unnamed"
    suffix = "Pilot" if stage == Participant.Stage.PILOT else ""
    suffix += "WithSimulated" if include_simulated else ""
    suffix += "WithTexts" if include_texts and kind == "answers" else ""
    return f"data/study-{short}_description-{kind}{suffix}_data.csv"


def bundle_write(
    study: Study,
    out_dir: Path | str,
    *,
    include_simulated: bool = False,
    stage: str = Participant.Stage.LIVE,
    include_texts: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Write a study's export into ``out_dir``; make the folder if it is missing.

    An older export of the same study and stage is replaced; other files stay. The files appear only
    when all are complete; an interrupted export does not change the older one. Raises
    ``ExportRefused`` if the path, or a part of it, is a file. Unless ``overwrite``, it is also
    raised if something would be lost: another export, a changed file, or a file that no export
    wrote.
    """
    folder = Path(out_dir)
    parts = Parts(include_simulated, str(stage), include_texts)
    origin = Origin(study.slug, parts.stage, study.document_sha256)
    if not overwrite:
        foreign_refuse(folder, origin)
    with scratch_folder(folder) as scratch:
        writing = _Writing(study, scratch, parts, progress or _silent)
        tables = writing.write_all()
        files = files_move(scratch, folder, origin, overwrite=overwrite)
    return Exported(folder, files, tables, writing.note, writing.texts_note)


def _silent(what: str, n_done: int, n_total: int) -> None:
    """Show no progress."""


class _Writing:
    """Writes one export into an empty folder."""

    def __init__(self, study: Study, folder: Path, parts: Parts, progress: Progress):
        self.study, self.folder, self.parts, self.progress = study, folder, parts, progress
        self.rows = CollectedRows(
            study,
            include_simulated=parts.include_simulated,
            stage=parts.stage,
            include_texts=parts.include_texts,
        )
        n_simulated = n_robots(study, parts.stage)
        self.note = simulated_note(n_simulated, is_included=parts.include_simulated)
        self.texts_note = texts_note(self.rows.n_texts(), is_included=parts.include_texts)
        self.looks, self.looks_note = looks_declared(
            study, include_simulated=parts.include_simulated, stage=parts.stage
        )
        self.facts = Facts(
            slug=study.slug,
            title=study.plan.title,
            document_sha256=study.document_sha256,
            exported_at=f"{self.rows.moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            has_simulated=parts.include_simulated and bool(self.note),
            is_pilot=parts.is_pilot,
            has_texts=parts.include_texts and bool(self.texts_note),
            frozen_sha256=study.frozen_sha256,
        )
        self.resources: list[Resource] = []

    def write_all(self) -> dict[str, DataFrame]:
        n_rows = self._data()
        self._document()
        tables = self._tables()
        self._codebook()
        code_write(self.folder)
        self._descriptions(tables, n_rows)
        manifest_write(self.folder)
        return tables

    def _data(self) -> dict[str, int]:
        """Write the data files; return how many rows each has."""
        totals, written = self.rows.counts(), {}
        for kind, columns in DATA.items():
            name = data_path(self.study.slug, kind, **asdict(self.parts))
            path = self._place(name)
            kinds = [column.type for column in columns]
            n = 0
            with csv_open(path, [column.name for column in columns]) as write:
                for n, row in enumerate(getattr(self.rows, kind)(), 1):
                    write(map(cell, kinds, row))
                    if n % CHUNK_ROWS == 0:
                        self.progress(kind, n, max(n, totals[kind]))
            self.progress(kind, n, n)
            written[kind] = n
            self._note_resource(kind, name, DATA_TITLES[kind], columns)
        return written

    def _document(self) -> None:
        frozen = {
            "slug": self.study.slug,
            "version": self.study.version,
            "stage": self.parts.stage,
            "document_sha256": self.study.document_sha256,
            "document": self.study.document,
        }
        self._text(STUDY_FILE, json_text(frozen))
        self._text("study.yaml", yaml.safe_dump(frozen, sort_keys=False, allow_unicode=True))
        plan = {"declared": declared_of(self.study), "note": self.facts.note(self.note)}
        if self.looks is not None:
            plan["looks"] = self.looks
        self._text(PLAN_FILE, json_text(plan))

    def _tables(self) -> dict[str, DataFrame]:
        self.progress("tables", 0, 1)
        files = {resource.name: self.folder / resource.path for resource in self.resources}
        frames = frames_read(files)
        tables = tables_from(
            frames,
            declared_of(self.study),
            lambda n, total: self.progress("tables", n, total),
            self.looks,
        )
        columns = table_columns()
        for name, table in tables.items():
            table_write(self._place(table_path(name)), columns[name], table)
            self._note_resource(name, table_path(name), f"Table {name}", columns[name])
        for name, text in texts_of(tables).items():
            self._text(f"tables/{name}", text)
        pictures = figure_files(tables, self.facts.note(self.note))
        for n, (name, draw) in enumerate(pictures.items(), 1):
            self._place(f"figures/{name}").write_bytes(draw())
            self.progress("figures", n, len(pictures))
        reference_write(
            self.folder / "reference",
            frames,
            reference_hash(self.study, self.rows.stage),
            lambda n, total: self.progress("reference schemas", n, total),
        )
        return tables

    def _codebook(self) -> None:
        files: dict[str, Columns] = {resource.path: resource.columns for resource in self.resources}
        files["codebook.csv"] = CODEBOOK
        table = DataFrame(codebook_rows(files), columns=[item.name for item in CODEBOOK])
        table_write(self._place("codebook.csv"), CODEBOOK, table)
        self._note_resource("codebook", "codebook.csv", "What every column means", CODEBOOK)

    def _descriptions(self, tables: Mapping[str, DataFrame], n_rows: Mapping[str, int]) -> None:
        facts, resources = self.facts, renamed(self.resources)
        flow = tables["consort"]
        whole = flow[flow["reason"].isna()].groupby("count", sort=False)["n_participants"].sum()
        counts = {str(name): int(n) for name, n in whole.items()}
        self._text(PACKAGE_FILE, json_text(datapackage(facts, resources)))
        self._text("dataset_description.json", json_text(dataset_description(facts, resources)))
        self._text("croissant.json", json_text(croissant(facts, resources)))
        self._text("CITATION.cff", citation(facts))
        notes = self.note, self.texts_note, self.looks_note
        self._text("README.md", readme(facts, resources, counts, *notes))
        self._text("CHANGES", changes(facts, n_rows))
        self._text(".psychds-ignore", "\n".join(IGNORED) + "\n")

    def _place(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _text(self, name: str, text: str) -> None:
        self._place(name).write_text(text, encoding="utf-8")

    def _note_resource(self, name: str, path: str, title: str, columns: Columns) -> None:
        file = self.folder / path
        size, digest = file.stat().st_size, file_sha256(file)
        self.resources.append(Resource(name, path, title, columns, size, digest))
