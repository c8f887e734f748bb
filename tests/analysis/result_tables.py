"""Tables of an analysis made by hand: known numbers in the shape of ``analysis.tables.tables``."""

from __future__ import annotations

from collections.abc import Sequence

from pandas import DataFrame

SIX = ("ResNet-50", "kNN", "EMD-NN", "EMD-Corr", "CHM-NN", "CHM-Corr")
NAN = float("nan")


def make_tables(names: Sequence[str] = SIX, *, rule: str = "") -> dict[str, DataFrame]:
    """Return every table. Condition ``k`` has an accuracy of ``60 + k``, two less in ``all``.

    With a ``rule`` there are rows after exclusions, too.
    """
    kinds = ("all", "kept") if rule else ("all",)
    each = [
        (k, name, kind, k - 2 * (kind == "all" and bool(rule)))
        for k, name in enumerate(names)
        for kind in kinds
    ]
    return {
        "measures": DataFrame([row for one in each for row in _measures(*one)]),
        "accuracy_by": DataFrame([row for one in each for row in _accuracy_by(*one)]),
        "times": DataFrame([row for one in each for row in _times(*one)]),
        "team": DataFrame([_team(*one) for one in each]),
        "team_curve": DataFrame([row for one in each for row in _curve(*one)]),
        "team_prevalence": DataFrame([row for one in each for row in _prevalence(*one)]),
        "tests": DataFrame([_test(names, kind) for kind in kinds]),
        "exclusions": DataFrame(
            [(name, rule, 41 + k, 1, 40 + k, None) for k, name in enumerate(names) if rule],
            columns=["condition", "rule", "n_participants", "n_excluded", "n_kept", "note"],
        ),
    }  # fmt: skip


def empty(tables: dict[str, DataFrame], name: str) -> dict[str, DataFrame]:
    """Return the tables with nothing known of one condition, whom nobody is in."""
    lost = {}
    for file, table in tables.items():
        copy = table.copy()
        if "condition" in copy:
            numbers = copy.columns[[kind.kind == "f" for kind in copy.dtypes]]
            copy.loc[copy["condition"] == name, numbers] = NAN
            if "n_participants" in copy:
                copy.loc[copy["condition"] == name, "n_participants"] = 0
        lost[file] = copy
    return lost


def _row(name: str, kind: str, k: int, **more: object) -> dict[str, object]:
    return {"condition": name, "analysed": kind, "n_participants": 40 + k, "n_trials": 1200, **more}


def _measures(k: int, name: str, kind: str, by: int) -> list[dict[str, object]]:
    means = {"accuracy": 60.0, "over_reliance": 50.0, "under_reliance": 10.0, "accept_rate": 70.0}
    return [
        _row(name, kind, k, measure=measure, weight="participants", estimate=mean + by, sd=7.5,
             low=mean + by - 2.5, high=mean + by + 2.5)
        for measure, mean in {**means, "d_prime": 1.0, "criterion": -0.5}.items()
    ]  # fmt: skip


def _accuracy_by(k: int, name: str, kind: str, by: int) -> list[dict[str, object]]:
    levels = {("ai", "correct"): 90.0, ("ai", "wrong"): 40.0}
    levels |= {("difficulty", level): 85.0 - 20 * n for n, level in enumerate(("Easy", "Medium"))}
    levels |= {("position", str(place)): 55.0 + place for place in range(1, 13)}
    return [
        _row(name, kind, k, factor=factor, level=level, accuracy_mean=mean + by, accuracy_sd=9.0,
             accuracy_low=mean + by - 3, accuracy_high=mean + by + 3)
        for (factor, level), mean in levels.items()
    ]  # fmt: skip


def _times(k: int, name: str, kind: str, by: int) -> list[dict[str, object]]:
    ms = 9000.0 + 500 * by
    times = {"rt_ms": ms + 4000, "rt_clean_ms": ms}
    return [
        _row(name, kind, k, measure=measure, median=mean - 1000.0, mean=mean, sd=1e3,
             low=mean - 800.0, high=mean + 800.0)
        for measure, mean in times.items()
    ]  # fmt: skip


def _team(k: int, name: str, kind: str, by: int) -> dict[str, object]:
    return _row(
        name, kind, k, threshold=0.45, ai_share=90.0, ai_accuracy_on_share=91.0,
        n_trials_on_rest=120, human_accuracy_on_rest=55.0, ai_alone=86.0, human_alone=60.0 + by,
        human_alone_kind="after_ai", team=85.0 + by, team_low=84.0 + by, team_high=86.0 + by,
        team_prevalence_corrected=80.0 + by, corrected_low=78.0 + by, corrected_high=82.0 + by,
        complementarity=by - 1.0, complementarity_low=by - 1.75, complementarity_high=by - 0.25,
        team_natural=80.5 + by, human_alone_natural=60.5 + by, ai_alone_natural=81.5,
        ai_always=81.0, n_people_on_rest=4 if by == 2 else 40,
        verdict="too few trials" if by == 2 else "yes" if by > 2 else "no",
    )  # fmt: skip


def _curve(k: int, name: str, kind: str, by: int) -> list[dict[str, object]]:
    return [
        _row(name, kind, k, threshold=step / 4, team=85.0 + by - step, team_low=84.0 + by - step,
             team_high=86.0 + by - step, team_prevalence_corrected=80.0 + by - step)
        for step in range(5)
    ]  # fmt: skip


def _prevalence(k: int, name: str, kind: str, by: int) -> list[dict[str, object]]:
    return [
        {"condition": name, "analysed": kind, "prevalence": share, "complementarity": by - 1.0,
         "complementarity_low": by - 2.0, "complementarity_high": by - 0.0}
        for share in (50, 100)
    ]  # fmt: skip


def _test(names: Sequence[str], kind: str) -> dict[str, object]:
    return {
        "a": names[0], "b": names[-1], "analysed": kind, "measure": "accuracy", "n_a": 40,
        "n_b": 41, "difference": -4.25, "low": -7.5, "high": -1.0, "u": 512.5, "p": 0.0004,
        "p_holm": 0.012, "cliffs_delta": -0.31, "twoway_difference": -4.25, "twoway_low": -8.0,
        "twoway_high": -0.5, "twoway_p": 0.027, "twoway_p_holm": 0.41, "shares_photos": False,
    }  # fmt: skip
