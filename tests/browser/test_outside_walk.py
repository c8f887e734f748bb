"""The walk of docs/import-predictions.md: an outside network's arrays become an exported study."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from analysis import tasks as analysis_tasks
from analysis.export import export_bundle
from classifiers import tasks
from classifiers.core.evidence import Heatmap, Writer
from classifiers.models import Evidence, Image
from tests.browser.axe import violations
from tests.browser.researcher import sign_in
from tests.factories import make_dataset, make_plan
from trials.study.document import write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
N_PHOTOS, N_ROBOTS = 200, 2
ARMS = [
    {"name": "Saliency", "run": "resnet152-ig", "view": "panels"},
    {"name": "AI only", "run": "resnet152-ig", "view": "none"},
]


@pytest.fixture(autouse=True)
def _worker(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a worker would do at once, in folders of the test; draw no figures."""
    settings.DATA_DIR, settings.UPLOAD_DIR = tmp_path, tmp_path / "uploads"
    for task in (tasks.predictions_import, analysis_tasks.export_build):
        monkeypatch.setattr(task, "delay", task)
    monkeypatch.setattr(export_bundle, "figure_files", lambda tables, note: {})
    monkeypatch.setattr(export_bundle, "reference_write", lambda *_: "")


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Write what the lab's own script writes: attributions of 200 photos, half of them wrong."""
    make_dataset(n_queries=N_PHOTOS)
    rng, folder = np.random.default_rng(0), tmp_path / "resnet152-ig"
    classes = ["kind_amber", "kind_birch", "kind_cedar", "kind_dogwood"]
    writer = Writer(folder)
    for number, photo in enumerate(Image.objects.filter(split=Image.QUERY).order_by("source")):
        attributions = rng.normal(size=(1, 3, 14, 14)).astype(np.float32)
        label = classes[(photo.category.index + number % 2) % 4]
        scores = {name: 0.7 if name == label else 0.1 for name in classes}
        heat = Heatmap(attributions.sum(1)[0], "Integrated gradients")
        writer.add(photo.source, label, 0.7, [heat], scores=scores)
    writer.zip()
    document = make_plan(conditions=ARMS, n_sets=1, strata="none", contact="a@example.org").document
    (folder / "study.yaml").write_text(write(document), encoding="utf-8")
    return folder


def uploaded(page: Page, lab: Path) -> None:
    """Bring the predictions in, by the page of the dataset."""
    page.goto("/studio/datasets/trees/")
    page.get_by_role("link", name="Another AI").click()
    page.get_by_label("Name of the predictions").fill("resnet152-ig")
    for label, name in (
        ("predictions.csv", "predictions.csv"), ("Panels", "evidence.zip"),
        ("scores.csv", "scores.csv"),
    ):  # fmt: skip
        page.get_by_label(label).set_input_files(lab / name)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text(f"right on {N_PHOTOS // 2} of {N_PHOTOS}")).to_be_visible()


def piloted(page: Page, lab: Path) -> None:
    """Make the study from a document, start its pilot, and let simulated people play."""
    page.goto("/studio/new/?dataset=trees")
    page.get_by_label("Name in addresses").fill("saliency")
    page.get_by_label("A file: an exported study").check()
    page.get_by_label("File", exact=True).set_input_files(lab / "study.yaml")
    page.get_by_role("button", name="Create the draft").click()
    page.get_by_role("link", name="Start the pilot").first.click()
    page.get_by_role("button", name="Start the pilot").click()
    page.get_by_label("Simulated people").fill(str(N_ROBOTS))
    page.get_by_role("button", name="Run them").click()
    row = page.get_by_role("row", name="Simulated in the pilot")
    expect(row).to_contain_text(str(N_ROBOTS))


def exported(page: Page) -> dict[str, pd.DataFrame]:
    """Lift the pilot's blind, ask for the results, and read the tables in the file."""
    page.goto("/studio/study/saliency/results/lift-blind/")
    page.get_by_role("button", name="Lift the blind permanently").click()
    page.goto("/studio/study/saliency/exports/")
    page.get_by_label("include simulated people").check()
    page.get_by_role("button", name="Make a results bundle").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download saliency").click()
    with zipfile.ZipFile(download.value.path()) as bundle:
        names = {name.rsplit("/", 1)[1]: name for name in bundle.namelist() if "/data/" in name}
        return {
            wanted: pd.read_csv(io.BytesIO(bundle.read(path)))
            for wanted in ("shown", "participants")
            for name, path in names.items()
            if f"_{wanted}" in name or f"-{wanted}" in name
            if name.endswith(".csv")
        }


def test_an_outside_network_is_uploaded_piloted_and_exported_with_what_was_seen(
    page: Page, context: BrowserContext, live_server: LiveServer, lab: Path
) -> None:
    sign_in(context, live_server.url)
    uploaded(page, lab)
    assert violations(page) == []
    piloted(page, lab)
    tables = exported(page)
    shown, people = tables["shown"], tables["participants"]
    seen_by = people.set_index("participant_id")["condition"]
    assert set(seen_by) == {"Saliency", "AI only"}
    assert set(seen_by[shown["participant_id"].unique()]) == {"Saliency"}
    each = shown.groupby(["participant_id", "phase", "trial_index"])["panel_kind"].agg(list)
    assert {tuple(kinds) for kinds in each} == {("heatmap", "bars")}
    assert len(each) == 2 + 4 + 6  # training, validation, test
    stored = {panel["file"] for panels in Evidence.objects.values_list("panels", flat=True)
              for panel in panels if panel["kind"] == "heatmap"}  # fmt: skip
    heat = shown[shown["panel_kind"] == "heatmap"]["panel_content"]
    assert all(any(file in content for file in stored) for content in heat)
