"""Uploaded zips: looked through first, unpacked into their folder and nowhere else."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from pytest_django import Settings

from classifiers import tasks
from classifiers.models import Dataset, DatasetImport, Job
from classifiers.services import archives, uploads
from classifiers.services.archives import ArchiveRefused, archive_extract, archive_list, as_sent
from classifiers.services.folders import DatasetRefused, Refusal
from tests.classifiers.photos import photo

BIG = 10**9


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "photos.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def places(path: Path) -> list[str]:
    return sorted("/".join(member.parts) for member in archive_list(path, max_bytes=BIG).members)


def extracted(path: Path, folder: Path) -> list[str]:
    listing = archive_list(path, max_bytes=BIG)
    return [str(item) for item in archive_extract(path, listing, folder, lambda *_: None)]


def test_another_photo_of_a_name_is_refused_and_the_first_one_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = {"gallery/a/1.png": b"first", "gallery/a/2.png": b"two", "categories.csv": b"old"}
    assert extracted(packed(tmp_path, first), out) == []
    again = first | {"gallery/a/1.png": b"other", "categories.csv": b"new", "query/a/3.png": b"3"}
    (failed,) = extracted(packed(tmp_path, again), out)
    assert "gallery/a/1.png" in failed
    assert "another photo of this name is there already" in failed
    found = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert found == {"1.png": b"first", "2.png": b"two", "3.png": b"3", "categories.csv": b"new"}


def test_a_file_that_breaks_off_leaves_no_half_of_it(tmp_path: Path) -> None:
    path = packed(tmp_path, {"gallery/a/1.png": bytes(100_000), "query/a/2.png": b"two"})
    content = bytearray(path.read_bytes())
    content[60:70] = b"garbage..."
    path.write_bytes(content)
    assert len(extracted(path, tmp_path / "out")) == 1
    assert [item.name for item in (tmp_path / "out").rglob("*") if item.is_file()] == ["2.png"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            ["a/1.png", "b/2.png", "categories.csv"],
            ["all/a/1.png", "all/b/2.png", "categories.csv"],
        ),
        (["top/a/1.png", "top/categories.csv"], ["all/a/1.png", "categories.csv"]),
        (["gallery/a/1.png", "query/a/2.png"], ["gallery/a/1.png", "query/a/2.png"]),
        (["top/gallery/a/1.png", "top/query/a/2.png"], ["gallery/a/1.png", "query/a/2.png"]),
        (["gallery/a/1.png"], ["gallery/a/1.png"]),
        (["a\\1.png", "__MACOSX/a/._1.png", "a/.DS_Store"], ["all/a/1.png"]),
    ],
)
def test_folders_land_where_an_import_expects_them(
    tmp_path: Path, files: list[str], expected: list[str]
) -> None:
    assert places(packed(tmp_path, dict.fromkeys(files, b"x"))) == expected


@pytest.mark.parametrize(
    "name", ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:/evil.png", "..\\evil.png"]
)
def test_a_path_that_leads_out_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path, {"a/1.png": b"x", name: b"x"})
    listing = archive_list(path, max_bytes=BIG)
    assert [item.reason for item in listing.refused] == ["its path leads out of the archive"]
    archive_extract(path, listing, tmp_path / "out", lambda *_: None)
    assert [item.name for item in tmp_path.rglob("*.png")] == ["1.png"]


def test_a_link_is_refused_by_name(tmp_path: Path) -> None:
    path = packed(tmp_path, {"a/1.png": b"x"})
    link = zipfile.ZipInfo("a/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    listing = archive_list(path, max_bytes=BIG)
    assert [(item.path, item.reason) for item in listing.refused] == [
        ("a/link.png", "a link, not a file")
    ]


def test_an_archive_that_unpacks_to_too_much_is_refused_unopened(tmp_path: Path) -> None:
    path = packed(tmp_path, {"a/1.png": bytes(10_000_000)})
    assert path.stat().st_size < 20_000
    with pytest.raises(ArchiveRefused, match=r"unpacks to 1 files of 10 MB together; allowed"):
        archive_list(path, max_bytes=1_000_000)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 1)
    with pytest.raises(ArchiveRefused, match="unpacks to 2 files"):
        archive_list(packed(tmp_path, {"a/1.png": b"x", "a/2.png": b"y"}), max_bytes=BIG)


def test_a_size_that_lies_is_found_out_when_unpacked(tmp_path: Path) -> None:
    path = packed(tmp_path, {"a/1.png": b"x" * 1000})
    content = path.read_bytes()
    path.write_bytes(content.replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    listing = archive_list(path, max_bytes=BIG)
    failed = archive_extract(path, listing, tmp_path / "out", lambda *_: None)
    assert "cannot be unpacked" in failed[0].reason
    assert not list((tmp_path / "out").rglob("*.png"))


@pytest.mark.parametrize(("files", "said"), [({}, "no file"), ({"../x": b""}, "leads out")])
def test_an_archive_with_nothing_to_take_is_refused(
    tmp_path: Path, files: dict[str, bytes], said: str
) -> None:
    with pytest.raises(ArchiveRefused, match=said):
        archive_list(packed(tmp_path, files), max_bytes=BIG)


@pytest.mark.django_db
def test_an_import_cut_off_goes_on_where_it_was(tmp_path: Path, settings: Settings) -> None:
    settings.UPLOAD_DIR = tmp_path / "uploads"
    for seed, name in enumerate(("gallery/a/1.png", "query/a/2.png")):
        photo(tmp_path / "photos" / name, seed=seed)
    files = {name: (tmp_path / "photos" / name).read_bytes()
             for name in ("gallery/a/1.png", "query/a/2.png")}  # fmt: skip
    archive = packed(tmp_path, files)
    job = DatasetImport.objects.create(
        slug="birds", root=str(tmp_path / "out"), archive=str(archive), status=Job.Status.RUNNING
    )
    uploads.import_run(job=job)  # ended before the job was closed
    assert not archive.exists()
    DatasetImport.objects.update(status=Job.Status.QUEUED)
    tasks.photos_import(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == (Job.Status.DONE, "")
    assert Dataset.objects.get(slug="birds").images.count() == 2


@pytest.mark.django_db
def test_a_second_import_of_the_same_name_waits(tmp_path: Path) -> None:
    DatasetImport.objects.create(slug="birds", root=str(tmp_path))
    with pytest.raises(DatasetRefused, match="being imported into 'birds' already"):
        uploads.folder_request(slug="birds", root=str(tmp_path), draw=None)


@pytest.mark.django_db
def test_an_import_that_fails_keeps_its_error_in_words(tmp_path: Path) -> None:
    job = DatasetImport.objects.create(slug="birds", root=str(tmp_path / "gone"))
    tasks.photos_import(job.pk)
    job.refresh_from_db()
    assert job.status == Job.Status.FAILED
    assert "does not exist" in job.error


def raw_named(folder: Path, names: list[bytes]) -> Path:
    """Write a zip whose names are these bytes, without a word about their encoding."""
    path = folder / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(names):
            archive.writestr("qwy"[number] * len(name), b"x")
    content = path.read_bytes()
    for number, name in enumerate(names):
        content = content.replace("qwy"[number].encode() * len(name), name)
    path.write_bytes(content)
    return path


def test_names_in_utf8_without_the_flag_are_read_and_composed(tmp_path: Path) -> None:
    decomposed = "all/Mu\u0308llers_Wu\u0308rger/1.jpg".encode()
    assert places(raw_named(tmp_path, [decomposed])) == ["all/M\u00fcllers_W\u00fcrger/1.jpg"]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp850", "all/R\u00f8dk\u00e6lk/1.jpg"), ("gbk", "all/\u9ebb\u96c0/1.jpg")],
)
def test_names_of_an_unknown_encoding_are_asked_for(
    tmp_path: Path, encoding: str, name: str
) -> None:
    path = raw_named(tmp_path, [name.encode(encoding), b"all/plain/2.jpg"])
    with pytest.raises(ArchiveRefused, match=rf"reads, by encoding: .*{encoding}: {name}"):
        archive_list(path, max_bytes=BIG)
    listing = archive_list(path, max_bytes=BIG, encoding=encoding)
    assert ["/".join(member.parts) for member in listing.members] == [name, "all/plain/2.jpg"]


def test_names_that_are_not_of_the_given_encoding_are_told(tmp_path: Path) -> None:
    path = raw_named(tmp_path, [b"all/\xff\xff/1.jpg"])
    with pytest.raises(ArchiveRefused, match=r"'all/.* in the zip is not in utf-8"):
        archive_list(path, max_bytes=BIG, encoding="utf-8")


ODD = {
    b".": "no file that can be taken",
    b"a/" * 1000 + b"1.png": "1,000 folders deep",
    b"a/" + b"n" * 300: "more than 255 bytes",
    b"a/\x01.png": "cannot be written",
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_is_refused_by_name(tmp_path: Path, name: bytes) -> None:
    with pytest.raises(ArchiveRefused, match=ODD[name]):
        archive_list(packed(tmp_path, {name.decode(): b"x"}), max_bytes=BIG)


def test_a_member_that_unpacks_to_far_more_is_refused_by_name(tmp_path: Path) -> None:
    path = packed(
        tmp_path, {"all/a/1.png": bytes(20_000_000), "all/a/2.png": b"", "all/a/3.png": b"x"}
    )
    listing = archive_list(path, max_bytes=BIG)
    assert [item.path for item in listing.refused] == ["a/1.png", "a/2.png"]  # without the wrapper
    assert "at most 200 times are taken" in listing.refused[0].reason
    assert listing.refused[1].reason == "an empty file"


def test_folders_without_a_file_are_named_without_the_folder_around_all(tmp_path: Path) -> None:
    files = ["top/a/1.png", "top/b/", "top/b/deep/", "top/.hidden/"]
    listing = archive_list(
        packed(tmp_path, dict.fromkeys(files, b"x") | {"top/": b""}), max_bytes=BIG
    )
    assert [item.path for item in listing.empty] == ["b/"]


def test_refusals_of_an_import_have_the_paths_of_the_zip() -> None:
    found = [Refusal("all/a/1.png", "duplicate of all/b/1.png; it would leak")]
    assert as_sent(found) == [Refusal("a/1.png", "duplicate of b/1.png; it would leak")]
    found = [Refusal("gallery/a/1.png", "broken")]
    assert as_sent(found) == found


@pytest.mark.django_db
def test_an_upload_that_is_refused_leaves_no_file(tmp_path: Path, settings: Settings) -> None:
    settings.UPLOAD_DIR = tmp_path / "uploads"
    good = packed(tmp_path, {"gallery/a/1.png": b"x", "query/a/2.png": b"y"})
    draw = (0.5, 1)
    uploads.upload_request(slug="birds", file=sent(good.read_bytes()), draw=draw)
    DatasetImport.objects.update(status=Job.Status.FAILED)
    for content in (
        b"no zip",
        good.read_bytes()[:-5],
        raw_named(tmp_path, [b"a/\xff"]).read_bytes(),
    ):
        with pytest.raises(ArchiveRefused):
            uploads.upload_request(slug="birds", file=sent(content), draw=draw)
    # What the failed import left is there to be tried again.
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["birds.zip"]


def sent(content: bytes) -> UploadedFile[Any]:
    return SimpleUploadedFile("birds.zip", content)
