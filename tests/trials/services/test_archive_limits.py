"""A study's file is bounded in every part, and read before anything is locked."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from typing import IO

import pytest
from django.db import connection

from tests.factories import make_study
from tests.trials.services.test_archive import exported
from trials.services.archive_import import study_import
from trials.services.archive_read import Opened, archive_read
from trials.services.refusals import StudyRefused
from trials.study.document import PlanRefused

pytestmark = pytest.mark.django_db


def zip_of(**files: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"study_yaml": bytes(250_000)}, r"'study\.yaml' in the zip has more than 0\.2 MB"),
        ({"other_csv": bytes(30_000_000)}, r"other\.csv in the zip: unpacks to 22. times its size"),
        ({"study_yaml": b"a: [" * 40_000}, "at most 20 levels"),
    ],
)
def test_a_file_that_unpacks_to_too_much_is_refused(files: dict[str, bytes], said: str) -> None:
    dataset = make_study().dataset
    whole = {"study_yaml": b"title: A", "study_json": b"{}"} | files
    sums = {
        name.replace("_", "."): hashlib.sha256(each).hexdigest() for name, each in whole.items()
    }
    file = zip_of(**whole, manifest_json=json.dumps({"sha256": sums}).encode())
    with pytest.raises((StudyRefused, PlanRefused), match=said):
        study_import(file=file, slug="again", dataset=dataset)


def test_a_document_over_200_kb_is_refused_unread() -> None:
    dataset = make_study().dataset
    with pytest.raises(PlanRefused, match="at most 200,000"):
        study_import(file=io.BytesIO(b"# " * 150_000), slug="again", dataset=dataset)


def test_a_table_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study()
    monkeypatch.setattr("trials.services.archive_read.MAX_ROWS", 9)
    with pytest.raises(StudyRefused, match=r"has more than 9 rows, the most that is taken"):
        study_import(file=exported(study), slug="again", dataset=study.dataset)


def test_a_zip_of_several_disks_is_no_zip_and_no_document() -> None:
    locator = struct.pack("<4sLQL", b"PK\6\7", 1, 0, 2)
    file = io.BytesIO(locator + b"PK\5\6" + bytes(18))
    with pytest.raises(PlanRefused, match="expected"):
        archive_read(file)


def test_nothing_is_locked_while_a_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    study, seen = make_study(), []
    depth = len(connection.savepoint_ids)

    def reading(file: IO[bytes]) -> Opened:
        seen.append(len(connection.savepoint_ids))
        return archive_read(file)

    monkeypatch.setattr("trials.services.archive_import.archive_read", reading)
    study_import(file=exported(study), slug="again", dataset=study.dataset)
    assert seen == [depth]
