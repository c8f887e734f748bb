"""A study's whole export: data, tables, pictures, code and metadata in one folder.

Data go from the database to the files in a stream; the tables are computed from these files, as the
script in the export does it again. Everything is written beside its place and moved there when
complete.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from tempfile import mkdtemp

import yaml
from pandas import DataFrame

from analysis.codebook.codebook import CODEBOOK, DATA, Columns, codebook_rows
from analysis.export.export_code import code_write
from analysis.export.export_metadata import (
    Facts,
    Resource,
    croissant,
    datapackage,
    dataset_description,
    json_text,
)
from analysis.export.export_texts import DATA_TITLES, changes, citation, readme, simulated_note
from analysis.export.reference_ids import reference_hash
from analysis.export.reference_schema import reference_write
from analysis.rows.frame import CHUNK_ROWS, StudyRows
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
from trials.models import Study

MANIFEST = "MANIFEST.sha256"
SCRATCH = ".export-"
IGNORED = (
    "code", "figures", "reference", "rerun", "tables", "analyse.py", "analysis_plan.json",
    "CITATION.cff", "codebook.csv", "consort.csv", "croissant.json", "datapackage.json", MANIFEST,
    "requirements.txt", "study.json", "study.yaml",
)  # fmt: skip

# Told what is being written, and how many of about how many rows are done.
Progress = Callable[[str, int, int], None]


class ExportRefused(ValueError):
    """The files cannot be written there; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """What an export wrote: its folder, its files, its tables by name, and who was left out."""

    folder: Path
    files: tuple[str, ...]
    tables: dict[str, DataFrame]
    simulated_note: str


def data_path(slug: str, kind: str, *, include_simulated: bool) -> str:
    """Return a data file's place, named as Psych-DS asks: keywords, hyphens, no other signs.

    Only letters and digits of the slug remain; the keyword ``description`` says which file it is.
    """
    short = re.sub(r"[^a-zA-Z0-9]", "", slug) or "unnamed"
    suffix = "WithSimulated" if include_simulated else ""
    return f"data/study-{short}_description-{kind}{suffix}_data.csv"


def bundle_write(
    study: Study,
    out_dir: Path | str,
    *,
    include_simulated: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Write a study's export into ``out_dir``, which is made if need be.

    An older export there is replaced, other files are left alone. Nothing appears before all
    is complete; an interrupted export leaves the older one as it was. Raises ``ExportRefused``
    if the path, or a part of it, is a file.
    """
    folder = Path(out_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ExportRefused(f"{folder}: found a file, expected a folder or a new name.") from error
    for lost in folder.glob(f"{SCRATCH}*"):
        shutil.rmtree(lost, ignore_errors=True)
    scratch = Path(mkdtemp(prefix=SCRATCH, dir=folder))
    try:
        writing = _Writing(study, scratch, include_simulated, progress or _silent)
        tables = writing.write_all()
        files = _move(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Exported(folder, files, tables, writing.note)


def _silent(what: str, n_done: int, n_total: int) -> None:
    """Show no progress."""


class _Writing:
    """One export on its way into an empty folder."""

    def __init__(self, study: Study, folder: Path, include_simulated: bool, progress: Progress):
        self.study, self.folder, self.progress = study, folder, progress
        self.include_simulated = include_simulated
        self.rows = StudyRows(study, include_simulated=include_simulated)
        self.note = simulated_note(n_robots(study), is_included=include_simulated)
        self.facts = Facts(
            slug=study.slug,
            title=study.plan.title,
            document_sha256=study.document_sha256,
            exported_at=f"{self.rows.moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            has_simulated=include_simulated and bool(self.note),
        )
        self.resources: list[Resource] = []

    def write_all(self) -> dict[str, DataFrame]:
        n_rows = self._data()
        self._document()
        tables = self._tables()
        self._codebook()
        code_write(self.folder)
        self._descriptions(tables, n_rows)
        _manifest_write(self.folder)
        return tables

    def _data(self) -> dict[str, int]:
        """Write the data files; return how many rows each has."""
        totals, written = self.rows.counts(), {}
        for kind, columns in DATA.items():
            name = data_path(self.study.slug, kind, include_simulated=self.include_simulated)
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
            "document_sha256": self.study.document_sha256,
            "document": self.study.document,
        }
        self._text("study.json", json_text(frozen))
        self._text("study.yaml", yaml.safe_dump(frozen, sort_keys=False, allow_unicode=True))
        note = self.note if self.facts.has_simulated else ""
        self._text(PLAN_FILE, json_text({"declared": declared_of(self.study), "note": note}))

    def _tables(self) -> dict[str, DataFrame]:
        self.progress("tables", 0, 1)
        files = {each.name: self.folder / each.path for each in self.resources}
        frames = frames_read(files)
        tables = tables_from(
            frames, declared_of(self.study), lambda n, total: self.progress("tables", n, total)
        )
        columns = table_columns()
        for name, table in tables.items():
            table_write(self._place(table_path(name)), columns[name], table)
            self._note_resource(name, table_path(name), f"Table {name}", columns[name])
        for name, text in texts_of(tables).items():
            self._text(f"tables/{name}", text)
        pictures = figure_files(tables, self.note if self.facts.has_simulated else "")
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
        files: dict[str, Columns] = {each.path: each.columns for each in self.resources}
        files["codebook.csv"] = CODEBOOK
        table = DataFrame(codebook_rows(files), columns=[each.name for each in CODEBOOK])
        table_write(self._place("codebook.csv"), CODEBOOK, table)
        self._note_resource("codebook", "codebook.csv", "What every column means", CODEBOOK)

    def _descriptions(self, tables: Mapping[str, DataFrame], n_rows: Mapping[str, int]) -> None:
        facts, resources = self.facts, _renamed(self.resources)
        flow = tables["consort"]
        whole = flow[flow["reason"].isna()].groupby("count", sort=False)["n_participants"].sum()
        counts = {str(name): int(n) for name, n in whole.items()}
        self._text(PACKAGE_FILE, json_text(datapackage(facts, resources)))
        self._text("dataset_description.json", json_text(dataset_description(facts, resources)))
        self._text("croissant.json", json_text(croissant(facts, resources)))
        self._text("CITATION.cff", citation(facts))
        self._text("README.md", readme(facts, resources, counts, self.note))
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
        size, digest = file.stat().st_size, sha256_of(file)
        self.resources.append(Resource(name, path, title, columns, size, digest))


def _renamed(resources: list[Resource]) -> list[Resource]:
    """Return the resources under names that are all different: data keep theirs."""
    return [
        each if each.name in DATA and each.is_data else _with_name(each, f"table-{each.name}")
        for each in resources
    ]


def _with_name(resource: Resource, name: str) -> Resource:
    short = name.replace("_", "-")
    return Resource(
        short, resource.path, resource.title, resource.columns, resource.n_bytes, resource.sha256
    )


def sha256_of(path: Path) -> str:
    """Return the fingerprint of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_below(folder: Path) -> Iterator[str]:
    """Yield the files of a folder, by their paths in it, in order."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _manifest_write(folder: Path) -> None:
    lines = [f"{sha256_of(folder / name)}  {name}" for name in files_below(folder)]
    (folder / MANIFEST).write_text("\n".join(lines) + "\n", encoding="utf-8")


def manifest_read(folder: Path) -> dict[str, str]:
    """Return the fingerprints of an export's files; empty where no export is."""
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _move(scratch: Path, folder: Path) -> tuple[str, ...]:
    """Put the files in their place, the manifest last, and remove those of the older export."""
    older = manifest_read(folder)
    names = [name for name in files_below(scratch) if name != MANIFEST]
    for name in set(older) - set(names):
        if (folder / name).resolve().is_relative_to(folder.resolve()):
            (folder / name).unlink(missing_ok=True)
    for name in (*names, MANIFEST):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(scratch / name, folder / name)
    return (*names, MANIFEST)
