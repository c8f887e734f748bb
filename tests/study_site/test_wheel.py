"""The installed package has everything that the site needs beside its code."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import pytest

from study_site import cli
from study_site.demo.bootstrap import ROOT

PACKAGES = ("study_site", "classifiers", "trials", "analysis")
FOLDERS = (*PACKAGES, "templates", "static", "docs")
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """Build the wheel from a copy of the sources, without a network."""
    source = tmp_path_factory.mktemp("source")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*map(ROOT.joinpath, FILES), *ROOT.glob("requirements*.txt")]:
        shutil.copy(path, source)
    build = "import setuptools.build_meta as m; m.build_wheel('.')"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    return ZipFile(next(source.glob("*.whl")))


def sources(*names: str) -> set[str]:
    paths = (path for name in names for path in (ROOT / name).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in paths if path.suffix != ".pyc"}


def test_a_wheel_has_every_file_of_the_packages(wheel: ZipFile) -> None:
    assert sources(*PACKAGES) <= set(wheel.namelist())
    assert {
        "classifiers/core/data/chm-lite0.pt",
        "trials/study/study.schema.json",
        "trials/catalogues/zh_Hans/LC_MESSAGES/django.mo",
    } <= set(wheel.namelist())


def test_templates_static_files_and_docs_lie_below_study_site(wheel: ZipFile) -> None:
    moved = {f"study_site/{name}" for name in sources("templates", "static")}
    assert moved <= set(wheel.namelist())
    pages = {name for name in sources("docs") if Path(name).suffix in {".md", ".png"}}
    assert {f"study_site/{name}" for name in pages} <= set(wheel.namelist())
    tops = {Path(name).parts[0] for name in wheel.namelist()}
    assert tops == {*PACKAGES, "visual_correspondence_study-0.1.0.dist-info"}


def test_the_requirements_and_the_command_are_in_the_metadata(wheel: ZipFile) -> None:
    folder = "visual_correspondence_study-0.1.0.dist-info"
    metadata = wheel.read(f"{folder}/METADATA").decode()
    assert "Requires-Dist: Django==" in metadata
    assert 'Requires-Dist: elpv-dataset==1.0.0.post1; extra == "demo"' in metadata
    assert "visual-correspondence-study = study_site.cli:main" in wheel.read(
        f"{folder}/entry_points.txt"
    ).decode()  # fmt: skip


def test_an_unpacked_wheel_finds_its_files_and_keeps_data_in_the_current_folder(
    wheel: ZipFile, tmp_path: Path
) -> None:
    wheel.extractall(tmp_path / "site")
    look = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "from study_site.places import HOME, RESOURCES\n"
        "paths = ('templates/trials', 'static/js', 'docs/metrics.md')\n"
        "print(HOME, *((RESOURCES / path).exists() for path in paths))"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(tmp_path), "True", "True", "True"]


def test_the_command_says_what_it_can_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["visual-correspondence-study", "serve"])
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    assert "visual-correspondence-study demo [--port PORT]" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["visual-correspondence-study", "manage", "help", "backup"])
    cli.main()
    assert "DIR" in capsys.readouterr().out


def test_the_demo_is_served_with_the_words_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[list[str]] = []
    monkeypatch.setattr("sys.argv", ["visual-correspondence-study", "demo", "--port", "8001"])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    fake = SimpleNamespace(main=lambda: served.append(sys.argv))
    monkeypatch.setitem(sys.modules, "study_site.demo.serve", fake)
    cli.main()
    assert served == [["visual-correspondence-study demo", "--port", "8001"]]


def test_the_demo_without_its_photos_says_how_to_install_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["visual-correspondence-study", "demo"])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"pip install 'visual-correspondence-study\[demo\]'"):
        cli.main()
