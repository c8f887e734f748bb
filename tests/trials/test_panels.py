"""Panels of every kind on a trial's page, imported or built in, by one renderer."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client

from classifiers.core.evidence.panels import Bars, Exemplars, panel_of
from classifiers.models import Evidence, Neighbor, Prediction, PredictionRun
from tests.factories import make_plan, make_study
from tests.trials.services.outside_run import SCRIPT, make_outside_run
from trials.models import Study
from trials.panels.base import PANELS, Content
from trials.panels.evidence import bars_shown, content_chosen, panels_chosen, panels_stored
from trials.panels.exemplars import voters_of
from trials.study.plan import PlanRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(plan=make_plan(trial={"has_opacity": True}))


def content(prediction: Prediction, study: Study) -> Content:
    found = PANELS["panels"].content(prediction, study.plan)
    assert found is not None
    return found


def page(prediction: Prediction, study: Study) -> str:
    """Return the panels' part of a trial's page."""
    screen = {"query_url": "/image/query.jpg", "persona": "Sam", "label": "fir", "article": "a"}
    shown = content(prediction, study).data
    told = {"part": "trial", "screen": screen, "shown": shown, "plan": study.plan}
    return render_to_string("trials/panels/panels.html", told | {"persona": "Sam"})


def test_an_outside_ais_panels_are_shown_in_their_order_and_captions_are_text(
    study: Study,
) -> None:
    html = page(make_outside_run(study.dataset).predictions.all()[0], study)
    assert re.findall(r"panel--(\w+)", html) == ["heatmap", "exemplars", "picture", "bars", "text"]
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 7
    assert "<strong>two</strong>" in html and 'type="range"' in html  # noqa: PT018
    assert f"{SCRIPT}1".replace("<", "&lt;").replace(">", "&gt;") not in html
    assert all('alt="' in image for image in re.findall(r"<img[^>]*>", html))


def test_every_picture_of_a_page_is_served_for_ever_without_telling_its_name(
    study: Study, client: Client
) -> None:
    prediction = make_outside_run(study.dataset).predictions.all()[1]
    urls = content(prediction, study).urls
    assert len(urls) == 4
    for url in urls:
        response = client.get(url)
        assert b"".join(response.streaming_content)  # type: ignore[attr-defined]
        response.close()
        assert response.status_code == 200
        assert "immutable" in response["Cache-Control"]
        assert "Content-Disposition" not in response
    assert client.get("/panel/" + "0" * 64 + ".png").status_code == 404
    assert client.get("/panel/secret.html").status_code == 404


def test_a_voting_classifiers_neighbours_are_the_same_kind_of_panel(study: Study) -> None:
    run = PredictionRun.objects.get(classifier="emd-corr")
    found = panels_stored(run.predictions.all(), n_exemplars=3)
    prediction = run.predictions.all()[0]
    panel = panel_of(found[prediction.pk][0])
    assert isinstance(panel, Exemplars)
    voters = voters_of(run.predictions.filter(pk=prediction.pk)).order_by("rank")[:3]
    assert [each.image for each in panel.images] == [each.image.sha256 for each in voters]
    drawn = content(prediction, study).data[0].exemplars
    built_in = PANELS["correspondences"].content(prediction, study.plan)
    assert built_in is not None
    assert [(e.query_boxes, e.boxes) for e in drawn] == [
        (e.query_boxes, e.boxes) for e in built_in.data
    ]


def test_the_photos_and_files_of_panels_are_named(study: Study) -> None:
    run = make_outside_run(study.dataset)
    mine = run.predictions.filter(pk=run.predictions.all()[0].pk)
    panel, stored = PANELS["panels"], Evidence.objects.get(prediction__in=mine).panels
    assert panel.files(mine, study.plan) == {stored[0]["file"], stored[2]["file"]}
    (photo,) = panel.photos(mine, study.plan)
    assert photo == study.dataset.images.get(sha256=stored[1]["images"][0]["image"]).pk
    assert dict(panel.facts(mine, study.plan)) == {mine[0].pk: stored}


def test_a_choice_says_which_kinds_how_many_and_in_which_order(study: Study) -> None:
    prediction = make_outside_run(study.dataset).predictions.all()[0]
    chosen = content_chosen(prediction, study.plan, [("bars", 1), ("exemplars", 1), ("text", 0)])
    assert chosen is not None
    assert [each.kind for each in chosen.data] == ["bars", "exemplars", "text"]
    assert [len(chosen.data[0].bars), len(chosen.data[1].exemplars)] == [1, 1]
    assert content_chosen(prediction, study.plan, [("nothing", 0)]) is None
    assert panels_chosen([Bars((("x", 1.0),))] * 3, [("bars", 0)]) == [Bars((("x", 1.0),))] * 3


def test_without_neighbours_and_panels_there_is_nothing_to_show(study: Study) -> None:
    Neighbor.objects.all().delete()
    prediction = PredictionRun.objects.get(classifier="knn").predictions.all()[0]
    assert PANELS["panels"].content(prediction, study.plan) is None


@pytest.mark.parametrize(
    ("values", "texts", "bars"),
    [
        ((0.25, 1.0), ("25 %", "100 %"), ((0, 25), (0, 100))),
        ((-1.0, 3.0), ("-1", "3"), ((0, 25), (25, 75))),
        ((-2.0, -4.0), ("-2", "-4"), ((50, 50), (0, 100))),
        ((0.0, 0.0), ("0 %", "0 %"), ((0, 0), (0, 0))),
        ((1234.5678, 0.0), ("1,235", "0"), ((0, 100), (0, 0))),
    ],
)
def test_bars_share_one_scale(
    values: tuple[float, ...], texts: tuple[str, ...], bars: tuple[tuple[float, float], ...]
) -> None:
    shown = bars_shown([(str(n), value) for n, value in enumerate(values)])
    assert tuple(bar.text for bar in shown) == texts
    assert tuple((bar.left, bar.width) for bar in shown) == bars


def test_no_caption_runs_as_a_script(study: Study) -> None:
    html = page(make_outside_run(study.dataset).predictions.all()[2], study)
    assert SCRIPT not in html


def test_a_condition_chooses_its_panels(study: Study) -> None:
    arm = {"name": "Vit", "run": "vit", "view": "panels"}
    chosen = [{"kind": "bars", "n": 1}, {"kind": "text"}]
    plan = make_plan(conditions=[arm, {**arm, "name": "Bars", "panels": chosen}])
    prediction = make_outside_run(study.dataset).predictions.all()[0]
    kinds = {}
    for name in ("Vit", "Bars"):
        content = PANELS["panels"].content(prediction, plan.of(name))
        assert content is not None
        kinds[name] = [each.kind for each in content.data]
    assert len(kinds["Vit"]) > len(kinds["Bars"])
    assert kinds["Bars"] == ["bars", "text"]


def test_a_choice_of_panels_needs_the_view_that_shows_them() -> None:
    arm = {"name": "A", "run": "vit", "view": "none", "panels": [{"kind": "text"}]}
    with pytest.raises(PlanRefused, match=r"conditions\[0\].panels: .*only the view panels"):
        make_plan(conditions=[arm])
