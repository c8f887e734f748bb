"""The pictures of a study's results."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from PIL import Image

from analysis.figures.figure_points import points_of, pooled, twins_adjacent
from analysis.figures.figure_style import GREY, looks_of
from analysis.figures.figure_texts import figure_names, figure_text
from analysis.figures.figures import FORMATS, NAMES, figure_bytes, figure_of, figures_of
from tests.analysis.result_tables import NAN, SIX, empty, make_tables

LONG = [f"{k}: a condition with quite a long name" for k in range(12)]


def lines_of(figure: Figure) -> list[tuple[list[float], list[float]]]:
    """Return the ends or points of every line of a picture."""
    lines = [line for axes in figure.axes for line in axes.lines]
    return [
        (np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist())
        for line in lines
    ]


def drawn_at(figure: Figure) -> list[float]:
    """Return where the points of a picture stand, from the top to the bottom."""
    points = [(y[0], x[0]) for x, y in lines_of(figure) if len(x) == 1]
    return [x for _, x in sorted(points)]


def words_of(figure: Figure) -> list[str]:
    """Return all that is written."""
    texts = [text for axes in figure.axes for text in (*axes.texts, axes.title)]
    return [text.get_text() for text in texts] + [axes.get_title("left") for axes in figure.axes]


def labels_of(figure: Figure) -> list[Annotation]:
    """Return what is written beside the rows."""
    return [text for axes in figure.axes for text in axes.texts if isinstance(text, Annotation)]


def test_every_picture_is_drawn_in_order() -> None:
    assert list(figures_of(make_tables())) == list(NAMES)


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("measures", ["accuracy", "reliance"]),
        ("accuracy_by", ["accuracy_by_ai", "accuracy_by_difficulty", "position"]),
        ("team", ["team"]),
        ("team_curve", ["team"]),
        ("times", ["time"]),
    ],
)
def test_a_picture_whose_table_is_missing_is_left_out(table: str, names: list[str]) -> None:
    tables = make_tables()
    del tables[table]
    assert figure_names(tables) == [name for name in NAMES if name not in names]


def test_of_no_tables_there_is_no_picture() -> None:
    assert figures_of({}) == {}
    with pytest.raises(KeyError, match="accuracy"):
        figure_of("accuracy", {})


def test_the_points_are_the_table_s_numbers_in_its_order() -> None:
    assert drawn_at(figure_of("accuracy", make_tables())) == [60, 61, 62, 63, 64, 65]


def test_the_lines_are_the_intervals() -> None:
    figure = figure_of("accuracy", make_tables(["kNN"]))
    assert [57.5, 62.5] in [x for x, _ in lines_of(figure)]


def test_guessing_is_marked_where_it_means_something() -> None:
    assert "guessing" in words_of(figure_of("accuracy", make_tables()))
    assert "guessing" not in words_of(figure_of("time", make_tables()))


def test_times_are_in_seconds_and_without_time_away_where_it_is_known() -> None:
    tables = make_tables(["kNN"])
    assert drawn_at(figure_of("time", tables)) == [9.0]
    tables["times"] = tables["times"].query("measure == 'rt_ms'")
    assert drawn_at(figure_of("time", tables)) == [13.0]


def test_times_are_of_everyone_where_time_away_is_known_for_some_only() -> None:
    tables = make_tables(["kNN", "CHM-NN"])
    times = tables["times"]
    times.loc[times["measure"] == "rt_clean_ms", "n_participants"] = [2, 0]
    times.loc[(times["measure"] == "rt_clean_ms") & (times["condition"] == "CHM-NN"), "mean"] = NAN
    assert drawn_at(figure_of("time", tables)) == [13.0, 13.5]
    assert points_of("time", tables)["n_participants"].tolist() == [40, 41]


def test_numbers_are_after_exclusions_unless_all_are_asked_for() -> None:
    tables = make_tables(["kNN"], rule="accuracy<=50")
    assert drawn_at(figure_of("accuracy", tables)) == [60]
    assert drawn_at(figure_of("accuracy", tables, analysed="all")) == [58]


def test_the_team_s_picture_marks_the_threshold_beside_ai_and_people_alone() -> None:
    figure = figure_of("team", make_tables(["kNN"]))
    lines = lines_of(figure)
    # The natural mixture, and the photos that did not tune the threshold.
    assert ([0, 1], [81.5, 81.5]) in lines
    assert ([0, 1], [60.5, 60.5]) in lines
    assert ([0.45, 0.45], [0, 1]) in lines
    assert ([0.45], [80.5]) in lines
    assert ([0, 0.25, 0.5, 0.75, 1], [80, 79, 78, 77, 76]) in lines
    assert "team 80.5, AI alone 81.5\nteam as in the trials 85.0" in words_of(figure)


def test_the_team_s_picture_sets_the_mixture_of_the_trials_apart() -> None:
    tables = make_tables(["kNN"])
    figure = figure_of("team", tables)
    of_trials = [
        line for line in figure.axes[0].lines if max(np.atleast_1d(line.get_ydata())) == 85
    ]
    assert [line.get_color() for line in of_trials] == [GREY]
    assert "Do not compare the grey line" in figure.get_supxlabel()
    text = figure_text("team", tables)
    assert "kNN: team 80.5, AI alone 81.5, people 60.5 at threshold 0.45; on all photos: " in text
    assert "natural mixture 80.0 (78.0 to 82.0), team, mixture of the trials 85.0 (84.0 to" in text


def test_a_team_of_the_trials_alone_has_no_number_beside_the_ai() -> None:
    tables = make_tables(["kNN"])
    tables["team"]["team_natural"] = NAN
    said = words_of(figure_of("team", tables))
    assert "natural mixture: no team\nteam as in the trials 85.0" in said
    assert "team no data, AI alone 81.5" in figure_text("team", tables)


@pytest.mark.parametrize(("n", "is_drawn"), [(3, False), (9, False), (10, True), (NAN, True)])
def test_the_curve_over_places_needs_ten_people(n: float, is_drawn: bool) -> None:
    tables = make_tables(["kNN", "EMD-NN"])
    tables["accuracy_by"]["n_participants"] = tables["accuracy_by"]["n_participants"].astype(float)
    tables["accuracy_by"].loc[tables["accuracy_by"]["condition"] == "kNN", "n_participants"] = n
    figure = figure_of("position", tables)
    own, other = (
        len([x for x in axes.lines if np.size(x.get_xdata()) == 12]) for axes in figure.axes
    )
    assert (own, other) == (is_drawn, 1)
    said = f"n = {n}: no curve for\nfewer than 10 people"
    assert (said in words_of(figure)) is not is_drawn
    text = figure_text("position", tables)
    assert (f"kNN (n = {n}): no curve for fewer than 10 people." in text) is not is_drawn


def test_a_condition_without_a_team_says_why() -> None:
    tables = make_tables(["a", "b"])
    tables["team"][["team", "team_natural", "team_prevalence_corrected"]] = NAN
    tables["team"].loc[0, "n_trials_on_rest"] = 0
    said = words_of(figure_of("team", tables))
    assert [each.strip() for each in said if "no team" in each] == [
        "no team: no trial below T*", "no team"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (SIX, [["ResNet-50"], ["kNN"], ["EMD-NN", "EMD-Corr"], ["CHM-NN", "CHM-Corr"]]),
        (["X-Corr", "kNN", "X-NN"], [["X-NN", "X-Corr"], ["kNN"]]),
        (["X-Corr", "Y-NN"], [["X-Corr"], ["Y-NN"]]),
        ([], []),
    ],
)
def test_twins_stand_together(names: list[str], groups: list[list[str]]) -> None:
    assert twins_adjacent(names) == groups


def test_twelve_conditions_differ_without_any_colour() -> None:
    looks = looks_of([f"{k}" for k in range(10)] + ["X-NN", "X-Corr"])
    assert len({(look.marker, look.is_filled) for look in looks.values()}) == 12


def test_twins_differ_by_their_filling_alone() -> None:
    looks = looks_of(["X-NN", "X-Corr"])
    assert looks["X-NN"].colour == looks["X-Corr"].colour
    assert [looks[name].is_filled for name in ("X-NN", "X-Corr")] == [False, True]


@pytest.mark.parametrize("names", [SIX[:1], SIX, LONG])
def test_no_label_lies_on_another_or_outside(names: list[str]) -> None:
    for figure in figures_of(make_tables(names), note="Simulated people.").values():
        figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in labels_of(figure) if label.get_text()]
        assert all(figure.bbox.padded(1).contains(*box.min) for box in boxes)
        assert all(figure.bbox.padded(1).contains(*box.max) for box in boxes)
        assert not any(a.padded(-1).overlaps(b.padded(-1)) for a, b in combinations(boxes, 2))


def test_a_condition_without_anyone_is_named_and_said_to_be_empty() -> None:
    figures = figures_of(empty(make_tables(), "kNN"))
    assert list(figures) == list(NAMES)
    assert all("no data" in words_of(figure) for figure in figures.values())
    assert drawn_at(figures["accuracy"]) == [60, 62, 63, 64, 65]


def test_a_mean_without_an_interval_is_a_point_alone() -> None:
    tables = make_tables(["kNN"])
    tables["measures"][["low", "high"]] = NAN
    assert drawn_at(figure_of("accuracy", tables)) == [60]
    assert "60.0." in figure_text("accuracy", tables)


def test_an_axis_from_zero_has_a_length_where_every_value_is_zero() -> None:
    tables = make_tables(["kNN"])
    tables["measures"][["estimate", "low", "high"]] = 0.0
    left, right = figure_of("reliance", tables).axes[0].get_xlim()
    assert left < 0 < right
    tables["times"][["mean", "low", "high"]] = [300.0, 250, 350]
    assert figure_of("time", tables).axes[0].get_xlim()[1] < 0.5


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_equal_tables_give_equal_bytes(name: str, kind: str) -> None:
    tables = make_tables(["kNN", "EMD-NN"])
    first, second = (figure_bytes(figure_of(name, tables), kind) for _ in range(2))
    assert first == second
    assert not re.search(rb"Date|<dc:date|Matplotlib v", first)


def test_threads_do_not_disturb_each_other() -> None:
    def draw(name: str) -> bytes:
        return figure_bytes(figure_of(name, make_tables(["kNN"])), "svg")

    alone = [draw(name) for name in NAMES[:4]]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(draw, NAMES[:4])) == alone


def test_a_png_has_200_dots_an_inch_in_a_column_of_85_mm() -> None:
    with Image.open(io.BytesIO(figure_bytes(figure_of("accuracy", make_tables()), "png"))) as png:
        assert png.width == int(8.5 / 2.54 * 200)
        assert png.info["dpi"] == pytest.approx((200, 200), abs=0.1)


def test_an_svg_keeps_its_text_and_tells_its_numbers() -> None:
    svg = figure_bytes(figure_of("accuracy", make_tables(["a < b"])), "svg").decode()
    assert ">a &lt; b</text>" in svg
    assert 'role="img" aria-labelledby="title desc"' in svg
    assert '<title id="title">Accuracy</title>' in svg
    assert re.search(r'<desc id="desc">.*a &lt; b \(n = 40\): 60.0 \(57.5 to 62.5\)', svg)


def test_a_pdf_carries_its_title_and_fonts_that_stay_text() -> None:
    pdf = figure_bytes(figure_of("time", make_tables()), "pdf")
    assert b"/Title (Time to answer)" in pdf
    assert b"/Type3" not in pdf


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="'gif'; expected one of png, svg, pdf"):
        figure_bytes(Figure(), "gif")


def test_a_note_is_in_the_picture_and_in_its_words() -> None:
    svg = figure_bytes(figure_of("team", make_tables(), note="Simulated people."), "svg").decode()
    assert ">Simulated people.</text>" in svg
    assert "Simulated people.</desc>" in svg


@pytest.mark.parametrize("name", NAMES)
def test_the_words_name_every_condition(name: str) -> None:
    text = figure_text(name, empty(make_tables(), "kNN"))
    assert all(condition in text for condition in SIX)
    assert "nan" not in text


def test_the_mean_over_all_arms_weighs_people_alike() -> None:
    points = points_of("accuracy", make_tables(["a", "b"]))
    n, mean = pooled(points)
    assert n == 81
    assert mean == pytest.approx((40 * 60 + 41 * 61) / 81)
    assert pooled(points.head(0))[0] == 0


def test_drawing_never_starts_pyplot() -> None:
    code = "import sys, analysis.figures.figures; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
