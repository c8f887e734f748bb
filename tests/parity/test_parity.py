"""What no restructuring may change: documents, draws, fingerprints, archives and exported cells.

``stored/`` holds what a small study (``world.py``) gave when the code was still in its old places.
Files, columns, document fields and archive facts may be added; whatever is stored keeps its value.
Changed on purpose: booleans were ``true`` and ``false``. They are ``TRUE`` and ``FALSE`` now,
because base R reads nothing else as logical; pandas reads both. A mean over fewer than 20 people
has Student's t interval, and none below three people.
Not fixed: the moment of an export and of the freezing (both from a clock that the test holds), the
pictures, the code that an export carries, its descriptions in words, and ``reference/``, whose
pseudonyms depend on the site's secret.

After a deliberate change copy the new values over: each failure names the file that holds them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from analysis.export import export_bundle
from analysis.export.export_bundle import bundle_write
from tests.parity.world import DOCUMENT, clock, dataset_make, people_play, runs_make
from trials import services
from trials.models import Participant, Study
from trials.services.archive import study_export
from trials.services.archive_import import study_import
from trials.study.document import completed, read, sha256_of
from trials.study.plan import StudyPlan

STORED = Path(__file__).with_name("stored")
ARCHIVE = STORED / "study.zip"
READY_MADE = Path(settings.BASE_DIR) / "trials" / "ready_made"
# Of every completed document as it was stored.
DOCUMENTS = {
    "demo": "ac40aea517bcfdbb29e5df8fb299e0aae69f2ca212b558c908dd74338f453812",
    "replica-cub": "3f08f4e23adc449b8f48e7e64349060e03fd818a6d65c2a502e4201cfec21f0a",
    "replica-imagenet": "caa69c2ea31ffb68c5aca6c5fbf44764c584cb20d28cc3925ed161aeaf6903c4",
    "short": "7ec2b9a4d388526bdd8d5e6564b4120beb8f1d633d08010787a3a6a0a9e038bf",
    "study": "a9291546fa63876a9d4cda4ae580499129da092baa78042867c84142ee2ee6a9",
}
FROZEN = "5622563247823133f0e3f0367798545fb617e32b8f1d3b2713632e22fcf692f2"
# Numbers that come out of long sums or a search may differ in the last digits between processors.
RELATIVE = 1e-6
Rows = list[dict[str, str]]


def stored_document(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))
    return content


def lost(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield where a value of the old JSON is missing or another one in the new JSON."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in old.items():
            yield from lost(value, new.get(name), f"{path}.{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for n, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from lost(one, other, f"{path}[{n}]")
    elif type(old) is not type(new) or old != new:
        yield f"{path}: {old!r} became {new!r}"


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "study"])
def test_a_ready_made_document_means_what_it_meant(name: str) -> None:
    # These two have newer choices today; their stored documents stay those of the first ones.
    folder = STORED if name in {"demo", "short"} else READY_MADE
    text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
    assert list(lost(stored_document(name), completed(read(text)))) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_stored_document_keeps_its_fingerprint(name: str) -> None:
    assert sha256_of(stored_document(name)) == DOCUMENTS[name]


def test_a_frozen_document_of_format_1_is_read_as_it_was() -> None:
    plan = StudyPlan.from_json(stored_document("study"), is_frozen=True)
    assert list(lost(stored_document("study"), plan.document)) == []
    assert plan.test.n == 6
    assert [condition.view for condition in plan.conditions][:2] == ["unaided", "none"]


def members(file: Any) -> dict[str, bytes]:
    """Return the files of an archive."""
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.django_db
def test_the_same_photos_and_predictions_are_frozen_to_the_same_archive(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan, dataset = StudyPlan.from_json(DOCUMENT), dataset_make()
    with clock(monkeypatch):
        runs = runs_make(dataset)
        study = services.study_create(slug="trees", dataset=dataset, plan=plan, runs=runs)
    with (tmp_path / "study.zip").open("w+b") as file:
        study_export(study, file)
    old, new = members(ARCHIVE), members(tmp_path / "study.zip")
    drawn = ["sets.csv", "predictions.csv", "neighbors.jsonl", "images.csv"]
    assert [name for name in drawn if old[name] != new.get(name)] == [], tmp_path
    facts = [json.loads(item["study.json"]) for item in (old, new)]
    if facts[0]["document"] != facts[1]["document"]:  # a field was added, and a new hash with it
        for name in ("document_sha256", "frozen_sha256"):
            facts[0].pop(name)
    assert list(lost(*facts)) == [], tmp_path


@pytest.fixture
def study(db: None) -> Study:
    """The stored archive, imported where the same photos are and no predictions."""
    with ARCHIVE.open("rb") as file:
        made = study_import(file=file, slug="trees", dataset=dataset_make())
    assert made.is_frozen, made.said
    return made.study


def test_a_stored_archive_is_the_very_same_study(study: Study) -> None:
    assert study.frozen_sha256 == FROZEN
    assert study.document_sha256 == DOCUMENTS["study"]
    assert services.study_verify(study).is_same


def test_the_fingerprints_are_those_that_the_archive_names() -> None:
    content = members(ARCHIVE)
    facts = json.loads(content["study.json"])
    assert (facts["frozen_sha256"], facts["document_sha256"]) == (FROZEN, DOCUMENTS["study"])
    named = json.loads(content["manifest.json"])["sha256"]
    assert named == {name: hashlib.sha256(content[name]).hexdigest() for name in named}


def table(text: str) -> Rows:
    """Read a CSV file with every cell as text."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def differs(old: str, new: str | None, *, is_computed: bool) -> bool:
    if old == new or new is None or not is_computed:
        return old != new
    try:
        return not math.isclose(float(old), float(new), rel_tol=RELATIVE, abs_tol=1e-9)
    except ValueError:
        return True


def cells_changed(old: Rows, new: Rows, *, is_computed: bool) -> list[str]:
    """Say which cells of the old table are others in the new one; new columns are no change."""
    if len(old) != len(new):
        return [f"{len(old)} rows became {len(new)}"]
    return [
        f"row {n}, {name}: {before[name]!r} became {after.get(name)!r}"
        for n, (before, after) in enumerate(zip(old, new, strict=True), 1)
        for name in before
        if differs(before[name], after.get(name), is_computed=is_computed)
    ]


def tables_changed(folder: Path) -> Mapping[str, list[str]]:
    """Return, by file, what changed of every stored table."""
    found = {}
    for path in sorted((STORED / "export").rglob("*.csv")):
        name = str(path.relative_to(STORED / "export"))
        if not (folder / name).exists():
            found[name] = ["the file is gone"]
            continue
        old, new = (item.read_bytes().decode() for item in (path, folder / name))
        is_computed = name.startswith("tables/")
        if changed := cells_changed(table(old), table(new), is_computed=is_computed):
            found[name] = changed[:5]
    return found


def undeclared(folder: Path) -> set[tuple[str, ...]]:
    """Return which stored columns the new codebook declares otherwise, or not at all."""
    asked = ("file", "column", "type", "unit")
    texts = [(item / "codebook.csv").read_bytes().decode() for item in (STORED, folder)]
    old, new = ({tuple(row[name] for name in asked) for row in table(text)} for text in texts)
    return old - new


def test_an_exports_data_and_tables_keep_every_cell(
    study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(export_bundle, "figure_files", lambda tables, note: {})
    monkeypatch.setattr(export_bundle, "reference_write", lambda *_: "")
    with clock(monkeypatch):
        services.study_open(study=study)
        people_play(study)
        bundle_write(study, tmp_path, include_simulated=True)
    assert tables_changed(tmp_path) == {}, tmp_path
    assert undeclared(tmp_path) == set()
    plans = [json.loads((item / "analysis_plan.json").read_text()) for item in (STORED, tmp_path)]
    assert list(lost(*plans)) == []
    ends = Participant.objects.values_list("status", flat=True)
    assert sorted(set(ends)) == ["completed", "failed_validation"]


def test_every_kind_of_file_is_stored() -> None:
    names = [path.name for path in (STORED / "export").rglob("*.csv")]
    assert (len(names), len({*names})) == (17, 17)


def test_a_changed_cell_a_lost_column_and_a_lost_row_are_found() -> None:
    old = [{"a": "1.50", "b": "yes"}, {"a": "2", "b": "no"}]
    new = [{"a": "1.5", "b": "yes", "c": "new"}, {"a": "2", "b": "no", "c": ""}]
    assert cells_changed(old, old, is_computed=False) == []
    assert cells_changed(old, new, is_computed=True) == []
    assert len(cells_changed(old, new, is_computed=False)) == 1
    assert len(cells_changed(old, [{"a": "1.50"}, {"a": "3"}], is_computed=True)) == 3
    assert len(cells_changed(old, new[:1], is_computed=True)) == 1
