"""The commands of the documentation: all are accepted, and those of the tutorial are run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from django.core.management import CommandParser, call_command, get_commands, load_command_class
from PIL import Image as Pixels
from torch.nn.functional import adaptive_avg_pool2d, conv2d

from classifiers import tasks
from classifiers.core.backbones.backbones import BACKBONES, LoadedBackbone
from classifiers.services import galleries, predictions
from study_site.demo.bootstrap import ROOT
from trials.models import Participant, Study

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TUTORIAL = ROOT / "docs" / "run-a-study.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"^(?:python manage\.py|study-manage) (.*)")


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of the site in the shell blocks of a page."""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if found := CALL.match(line):
                yield shlex.split(found[1], comments=True)


def parser_of(name: str) -> CommandParser:
    return load_command_class(get_commands()[name], name).create_parser("manage.py", name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_accepted(page: Path) -> None:
    for name, *words in commands(page.read_text()):
        words = words[: next((i for i, word in enumerate(words) if word in {">", "|"}), None)]
        parser_of(name).parse_args(words)


def test_a_wrong_command_is_found() -> None:
    page = "```sh\npython manage.py predict birds --clasifier knn  # a comment\n```\n"
    [(name, *words)] = commands(page)
    with pytest.raises(Exception, match="unrecognized arguments: --clasifier"):
        parser_of(name).parse_args(words)


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    """200 photos of two kinds, two in five in the folder of the other kind."""
    rng = np.random.default_rng(3)
    for number in range(200):
        shade, is_lost = (60, 190)[number % 2], rng.random() < 0.38
        noise = np.clip(rng.normal(shade, 30, (48, 48)), 0, 255).astype(np.uint8)
        folder = tmp_path / "birds" / "all" / ("bunting", "cardinal")[(number + is_lost) % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Pixels.fromarray(noise).save(folder / f"{number}.png")
    return tmp_path / "birds"


class Toy:
    """A network that takes no time, and tells dark photos from bright ones."""

    mixing = torch.randn(16, 3, 1, 1, generator=torch.Generator().manual_seed(0))

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        return conv2d(adaptive_avg_pool2d(x, 7), self.mixing).relu()


@pytest.mark.django_db(transaction=True)
def test_the_tutorial_leads_from_a_folder_to_an_open_study(
    birds: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(birds.parent)
    toy = LoadedBackbone(
        replace(BACKBONES["efficientnet-lite0"], channels=16), Toy(), torch.device("cpu")
    )
    for module in (galleries, predictions):  # a network that takes no time
        monkeypatch.setattr(module, "backbone_load", lambda *_, **__: toy)
    for task in (tasks.gallery_build, tasks.predict):
        monkeypatch.setattr(task, "delay", task)  # the worker's work, at once
    way = TUTORIAL.read_text().split("## The same by commands")[1].split("\n## ")[0]
    for words in commands(way):
        words = [word.replace("~/birds", str(birds)) for word in words]
        if words[0] == "simulate":
            words[-1] = "1"  # eight people would walk the same pages
        if ">" not in words:
            call_command(*words)
            continue
        *words, _, file = words
        capsys.readouterr()
        call_command(*words)
        shown = capsys.readouterr().out
        filled = re.sub(r"^topic:.*\n|^contact:.*\n", "", shown, flags=re.MULTILINE)
        Path(file).write_text(f"topic: birds\ncontact: lab@example.org\n{filled}")
    study = Study.objects.get()
    assert (study.slug, study.status) == ("birds-1", Study.Status.OPEN)
    assert study.document["topic"] == "birds"
    robot = Participant.objects.get()
    assert (robot.stage, robot.status) == ("pilot", Participant.Status.COMPLETED)
