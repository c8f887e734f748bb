"""A study with lists of its own: kept with it, obeyed by the draw, shown in their order."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from classifiers.models import Dataset, Gallery, Job
from tests.core.conftest import shared_dir
from tests.factories import enrol, make_dataset, make_document, make_run
from tests.trials.services.test_archive import exported
from trials import services
from trials.models import Study, StudyList
from trials.services import study_lists
from trials.services.archive_import import study_import
from trials.services.refusals import StudyRefused
from trials.services.study_lists import files_keep
from trials.study.document import PlanRefused, sha256_of, write
from trials.study.lists import ListRefused, reference_to, trial_lists_read
from trials.study.plan import StudyPlan

pytestmark = pytest.mark.django_db
CUB = shared_dir() / "published" / "CUB-Human-Study-Summary.csv"
ARMS = [{"name": "kNN", "classifier": "knn", "view": "exemplars"}]


def name(number: int) -> str:
    return f"secretfile{number:04d}.png"


def world(n_queries: int = 40) -> Dataset:
    dataset = make_dataset(n_queries)
    gallery = Gallery.objects.create(dataset=dataset, backbone="tiny", status=Job.Status.DONE)
    make_run(gallery, "knn")
    return dataset


def study_of(folder: Path, dataset: Dataset, **fields: object) -> Study:
    """Open a study whose document names files in ``folder``."""
    document = files_keep(make_document(conditions=ARMS, **fields), folder)
    study = services.study_draft(slug="listed", dataset=dataset, document=document)
    return services.study_open(study=services.study_freeze(study=study))


def test_the_draw_keeps_to_the_pool(tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_text(str([name(n) for n in range(36)]))
    pool = {"keep": "clean.txt", "leave_out": [name(0), name(1)]}
    study = study_of(tmp_path, world(), pool=pool)
    drawn = {item.prediction.image.source for part in study.trial_sets.all() for item in
             part.items.select_related("prediction__image")}  # fmt: skip
    assert {source[-len(name(0)) :] for source in drawn} <= {name(n) for n in range(2, 36)}


def test_a_session_shows_a_given_list_in_its_order(tmp_path: Path) -> None:
    rows = [[name(n) for n in (31, 4, 25, 6, 17, 8)]]
    (tmp_path / "lists.csv").write_text(
        "set,image\n" + "".join(f"7,{image}\n" for image in rows[0])
    )
    study = study_of(tmp_path, world(), sets_file="lists.csv", order="fixed")
    person = enrol(study)
    test = person.trials.filter(phase="test").order_by("position")
    shown = [trial.prediction.image.source[-len(name(0)) :] for trial in test]
    assert (shown, person.trial_set.number) == (rows[0], 7)


def test_the_document_pins_the_files_and_an_export_carries_them(tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_text("\n".join(name(n) for n in range(36)))
    study = study_of(tmp_path, world(), pool={"keep": "clean.txt"})
    file = exported(study)
    StudyList.objects.all().delete()
    again = study_import(file=file, slug="again", dataset=study.dataset)
    assert (again.is_frozen, StudyList.objects.get().name) == (True, "clean.txt")
    (tmp_path / "clean.txt").write_text(name(1))
    other = StudyPlan.from_json(files_keep(make_document(pool={"keep": "clean.txt"}), tmp_path))
    assert sha256_of(other.document) != study.document_sha256


@pytest.mark.parametrize("change", [{"pool": {"keep": "gone.txt"}}, {"sets_file": "gone.csv"}])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(PlanRefused, match="a file beside the document"):
        files_keep(make_document(**change), tmp_path)
    with pytest.raises(PlanRefused, match="a file that is kept with the study"):
        StudyPlan.from_json(make_document(**change))


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([0, 1, 2, 3, 4], "has 5 photos; expected as many as the test, 6"),
        ([0, 1, 2, 3, 4, 4], "is twice"),
        ([0, 1, 2, 3, 4, 99], "secretfile0099.png"),
    ],
)
def test_lists_that_do_not_fit_are_refused(tmp_path: Path, images: list[int], words: str) -> None:
    (tmp_path / "lists.csv").write_text("set,image\n" + "".join(f"1,{name(n)}\n" for n in images))
    with pytest.raises(StudyRefused, match=words):
        study_of(tmp_path, world(), sets_file="lists.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(study_lists.MAX_BYTES + 1), "bytes; expected at most"),
        (b"\xff\xfe", "it is no text in UTF-8 "),
        (b"a.jpg\0b.jpg", "it holds a character NUL; expected a text"),
    ],
)
def test_a_file_that_is_no_list_is_not_kept(content: bytes, said: str) -> None:
    with pytest.raises(ListRefused, match=said):
        study_lists.list_keep("a.txt", content)
    assert not StudyList.objects.exists()


def test_a_document_that_names_a_kept_file_needs_none_beside_it(tmp_path: Path) -> None:
    named = reference_to("clean.txt", b"a.jpg")
    assert files_keep({"pool": {"keep": named}}, tmp_path) == {"pool": {"keep": named}}


@pytest.mark.parametrize(
    ("fields", "content", "said"),
    [
        ({"pool": {"keep": "mine"}}, None, "is not kept here. Import the study with its files"),
        ({"pool": {"keep": "mine"}}, b" ", "The list mine@.*: it names no photo; expected a list"),
        ({"sets_file": "mine"}, b"[1", "The trial lists mine@.*: "),
        (
            {"sets_file": "mine"},
            b"set,image,classifier\n1,a,softmax\n",
            "has lists for softmax; expected some for condition kNN or its classifier",
        ),
    ],
)
def test_a_kept_file_that_does_not_fit_stops_the_draw(
    fields: dict[str, Any], content: bytes | None, said: str
) -> None:
    named = reference_to("mine", content or b"lost")
    if content:
        study_lists.list_keep("mine", content)
    text = json.dumps(make_document(conditions=ARMS, **fields)).replace("mine", named)
    study = services.study_draft(slug="listed", dataset=world(), document=json.loads(text))
    with pytest.raises(StudyRefused, match=said):
        services.study_freeze(study=study)


def test_a_document_of_format_1_stays_as_it_was() -> None:
    plan = StudyPlan.from_json(make_document())
    assert "pool" not in plan.document
    assert "sets_file" not in write(plan.document)


@pytest.mark.skipif(not CUB.exists(), reason="the published answers are not beside the checkout")
def test_the_published_lists_are_twenty_of_thirty_in_the_order_that_everybody_saw() -> None:
    text = CUB.read_text()
    lists = trial_lists_read(text)
    sizes = {method: sorted(map(len, groups.values())) for method, groups in lists.items()}
    assert {tuple(set(each)) for each in sizes.values()} == {(30,)}
    assert sorted(map(len, sizes.values())) == [19, 19, 20, 20, 20, 20]
    seen: dict[tuple[str, str, str], list[str]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        seen.setdefault((row["Method"], row["Counter balance"], row["UID"]), []).append(
            row["Query"]
        )
    differing = [key for key, rows in seen.items() if lists[key[0]][int(key[1])] != rows]
    assert not differing
