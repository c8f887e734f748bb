"""The command on the published files, against their reference; and what it refuses."""

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.analysis.published_rows import (
    METHOD_KEYS,
    METHODS,
    TEAM_KEYS,
    pool_rows,
    rows,
    run,
    tidy,
    write,
)
from tests.core.conftest import shared_dir


def published_file(name: str) -> Path:
    path = shared_dir() / "published" / name
    if not path.is_file():
        missing = f"no {path}; set STUDY_SHARED_DIR to the folder that holds published/"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return path


@pytest.fixture(scope="module")
def cub(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Results, reference and printed tables of the published CUB files."""
    reference = json.loads(published_file("reference_cub.json").read_text())
    files = published_file("CUB-Human-Study-Summary.csv"), published_file("cub_ai_pool.csv")
    arguments = (files[0], "--pool", files[1], "--exclude", "accuracy<=50")
    results, printed = run(tmp_path_factory.mktemp("cub"), *arguments)
    return results, reference, printed


@pytest.mark.parametrize("method", METHODS)
def test_peoples_numbers_are_those_of_the_reference(method: str, cub: Any) -> None:
    results, reference, _ = cub
    ours, theirs = results["methods"][method], reference["dataset"]["per_method"][method]
    renamed = {
        "accuracy_ai_wrong_mean": "accuracy_ai_wrong_user_mean",
        "accuracy_ai_correct_mean": "accuracy_ai_correct_user_mean",
        "over_reliance": "over_reliance_accept_when_ai_wrong",
        "under_reliance": "under_reliance_reject_when_ai_correct",
        "n_accepted": "accepted",
        "n_rejected": "rejected",
    }
    for key in METHOD_KEYS - {"accuracy_by_difficulty", "team"}:
        assert ours[key] == pytest.approx(theirs[renamed.get(key, key)], abs=0.01), key
    for level, value in ours["accuracy_by_difficulty"].items():
        expected = theirs["difficulty"][level]["figure_mean_of_user_cells"]
        assert value == pytest.approx(expected, abs=0.01), level


@pytest.mark.parametrize("method", METHODS)
def test_teams_are_those_of_the_reference(method: str, cub: Any) -> None:
    results, reference, _ = cub
    ours, theirs = results["methods"][method]["team"], reference["team"]["table3"][method]
    assert ours["threshold"] == float(theirs["T_star"])
    renamed = {
        "ai_accuracy_on_share": "ai_acc_on_accepted",
        "human_accuracy_on_rest": "human_acc_on_rest",
        "ai_alone": "ai_alone_thresholded_test_split",
    }
    for key in TEAM_KEYS - {"threshold"}:
        assert ours[key] == pytest.approx(theirs[renamed.get(key, key)], abs=0.01), key


def test_on_one_natural_mixture_no_team_is_better_than_people_and_ai(cub: Any) -> None:
    """Two of the six were better as they were published (ResNet-50 and CHM-Corr)."""
    results, _, printed = cub
    for method in METHODS:
        found = results["methods"][method]["team"]["complementarity"]
        best = max(found[name] for name in ("human_alone_natural", "ai_alone", "ai_always"))
        assert found["value"] == pytest.approx(found["team_natural"] - best)
        assert (found["verdict"], found["low"] < 0 < found["high"]) == ("no", True)
        assert found["n_trials"] > 300
        assert found["n_people"] > 50
    assert "The verdict may differ from the published comparison" in printed


def test_all_fifteen_tests_are_those_of_the_reference(cub: Any) -> None:
    results, reference, _ = cub
    pairs = reference["dataset"]["tests"]["pairs"]
    assert [test["pair"] for test in results["tests"]] == [pair["pair"] for pair in pairs]
    for ours, theirs in zip(results["tests"], pairs, strict=True):
        assert ours["u"] == theirs["U"]
        assert f"{ours['p']:.3g}" == f"{theirs['p']:.3g}"
        assert ours["p_holm"] == pytest.approx(theirs["p_holm_15"], abs=5e-5)
        assert ours["cliffs_delta"] == pytest.approx(theirs["cliffs_delta_a_minus_b"], abs=1e-4)


def test_every_test_has_a_difference_over_people_and_photos(cub: Any) -> None:
    results, _, printed = cub
    means = {name: each["accuracy_mean"] for name, each in results["methods"].items()}
    for test in results["tests"]:
        a, b = test["pair"]
        both = test["two_way"]
        assert both["difference"] == pytest.approx(means[a] - means[b])
        assert both["low"] < both["difference"] < both["high"]
        assert both["shares_photos"] == ({a, b} in ({"EMD-NN", "EMD-Corr"}, {"CHM-NN", "CHM-Corr"}))
        assert (both["p"] < 0.05) == (both["low"] * both["high"] > 0)
    assert "Mann-Whitney treats the photos as fixed" in printed


def test_the_tables_are_printed_beside_the_reference(cub: Any) -> None:
    _, _, printed = cub
    (line,) = [line for line in printed.splitlines() if line.split()[:1] == ["accuracy_mean"]]
    assert line.split()[-3:-1] == ["69.72", "(69.72)"]
    assert "Refused: no time is given." in printed


def test_first_sessions_only_are_those_of_the_reference(tmp_path: Path) -> None:
    reference = json.loads(published_file("reference_cub.json").read_text())
    file = published_file("CUB-Human-Study-Summary.csv")
    rules = ("--exclude", "accuracy<=50", "--exclude", "session_number>1")
    results, _ = run(tmp_path, file, *rules)
    for method, theirs in reference["dataset"]["sensitivity_first_session_only"].items():
        ours = results["methods"][method]
        assert (ours["n_users"], ours["team"]) == (theirs["n"], None)
        assert ours["accuracy_mean"] == pytest.approx(theirs["mean"], abs=0.01)


def test_the_papers_float_thresholds_give_its_whole_table(tmp_path: Path) -> None:
    reference = json.loads(published_file("reference_cub.json").read_text())
    files = published_file("CUB-Human-Study-Summary.csv"), published_file("cub_ai_pool.csv")
    run(tmp_path, files[0], "--pool", files[1], "--exclude", "accuracy<=50", "--paper")
    curve = [row for row in tidy(tmp_path / "team_curve.csv") if row["sample"] == "kept"]
    assert len(curve) == 6 * 21
    for row in curve:
        table = reference["team"]["by_threshold"][row["condition"]]["table_by_T"]
        (theirs,) = [item for item in table if float(item["T"]) == float(row["threshold"])]
        assert int(row["n_trials_below"]) == theirs["n_human_trials"]
        assert float(row["team"] or "nan") == pytest.approx(
            math.nan if theirs["team_acc"] is None else theirs["team_acc"], abs=0.01, nan_ok=True
        )


def test_times_and_confusing_photos_are_those_of_the_reference(tmp_path: Path) -> None:
    reference = json.loads(published_file("reference_cub.json").read_text())["dataset"]
    file = published_file("CUB-Human-Study-Summary.csv")
    run(tmp_path, file, "--exclude", "accuracy<=50")
    for row in tidy(tmp_path / "times.csv")[6:]:
        theirs = reference["per_method"][row["condition"]]["time_test_stage_only"]
        expected = (theirs["mean_s"], theirs["sd_s"]) if theirs else (math.nan, math.nan)
        ours = [float(row[key] or "nan") for key in ("mean_s", "sd_s")]
        assert ours == pytest.approx(expected, abs=0.01, nan_ok=True)
    images = [row for row in tidy(tmp_path / "images.csv") if row["sample"] == "kept"]
    confusing = reference["confusing_queries_mean_lt_0.25"]["queries"]
    assert sum(float(row["accuracy"]) < 25 for row in images) == confusing


def test_the_imagenet_sample_is_read(tmp_path: Path) -> None:
    results, printed = run(tmp_path, published_file("ImageNet-Human-Study-Summary.sample.csv"))
    assert (results["n_users"], len(results["tests"])) == (12, 15)
    assert "in the ImageNet schema" in printed
    assert "does not follow" not in printed


def test_excluding_everybody_leaves_counts_and_gaps(tmp_path: Path) -> None:
    files = write(tmp_path / "r.csv", rows("ImageNet")), write(tmp_path / "p.csv", pool_rows(30))
    arguments = ("--pool", files[1], "--tuning", 10, "--exclude", "accuracy<=100")
    results, _ = run(tmp_path / "out", files[0], *arguments)
    numbers = results["methods"]["kNN"]
    assert (numbers["n_users_raw"], numbers["n_users"], numbers["n_accepted"]) == (2, 0, 0)
    assert numbers["accuracy_mean"] is numbers["over_reliance"] is None
    assert numbers["team"]["ai_alone"] is not None
    assert results["tests"][0]["p"] is None


def test_one_condition_alone_is_analysed_without_tests(tmp_path: Path) -> None:
    table = [row for row in rows("CUB") if row["Method"] == "EMD-NN"]
    table[0]["Query"] = "=1+1.jpg"
    results, printed = run(tmp_path / "out", write(tmp_path / "r.csv", table))
    assert (list(results["methods"]), results["tests"]) == (["EMD-NN"], [])
    assert "Mann-Whitney" not in printed
    assert tidy(tmp_path / "out" / "images.csv")[0]["image"] == "'=1+1.jpg"


def test_a_reference_is_compared_where_it_speaks_and_nowhere_else(tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", rows("CUB"))
    known = {"dataset": {"per_method": {"kNN": {"accuracy_mean": 12.5}}}}
    (tmp_path / "known.json").write_text(json.dumps(known))
    results, printed = run(tmp_path, file, "--reference", tmp_path / "known.json")
    assert printed.count("(12.50)") == 1
    compared = [row for row in tidy(tmp_path / "comparison.csv") if row["reference"]]
    ours = results["methods"]["kNN"]["accuracy_mean"]
    assert [float(row["difference"]) for row in compared] == pytest.approx([ours - 12.5])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--exclude", "mood<3"], "no measure 'mood'"),
        (["--exclude-id", "nobody"], "Excluded id 'nobody'"),
        (["--pool", "POOL"], "1000 tuning images from a pool of 30"),
        (["--pool", "POOL", "--tuning", "0"], "0 tuning images from a pool of 30"),
        (["--reference", "POOL"], "expected reference numbers as JSON"),
        (["--reference", "EMPTY"], r"no dataset\.per_method; expected reference numbers of one"),
        (["--out", "POOL"], "found a file, expected a folder"),
    ],
)
def test_the_command_refuses_in_words(arguments: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "EMPTY").write_text("{}")
    write(tmp_path / "POOL", pool_rows(30))
    file = write(tmp_path / "r.csv", rows("CUB"))
    paths = [str(tmp_path / a) if a.isupper() else a for a in arguments]
    with pytest.raises(CommandError, match=message):
        call_command("analyse_published", str(file), "--out", str(tmp_path / "out"), *paths)
