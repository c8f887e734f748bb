"""``manage.py analyse_published RESPONSES.csv [--pool POOL.csv] --out DIR``"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from pandas import DataFrame

from analysis.published.files import files_write
from analysis.published.pool import read_pool
from analysis.published.reference import comparison_table, read_reference
from analysis.published.report import Report, Settings, report_of
from analysis.published.responses import Published, named_sessions, read_responses
from analysis.stats.exclusions import RULED, Rule

TITLES = {
    "accuracy": "People, in percent (difference: largest difference in the row):",
    "team": "Human-AI team, in percent; threshold tuned on the AI alone:",
    "tests": "Two-sided Mann-Whitney tests on participants' accuracy, Holm over all pairs:",
}

BOTH_WAYS = "Differences in points; people and photos are both samples (95 % interval, p):"
ONLY_PHOTOS = (
    "Where shares_photos is False, the conditions show different photos. Mann-Whitney treats the "
    "photos as fixed, so part of its difference may come from the photos."
)

VERDICTS = "Is the team better than people and the AI? On the same images, in the natural mixture:"
WHY_OTHER = (
    "The verdict may differ from the published comparison (team, ai_alone and is_complementary "
    "above). The published comparison scores team and people on trials of which half are wrong "
    "answers, but the AI on the natural mixture; it scores the team on the whole pool, but the AI "
    "on a part of it; and it treats images and threshold as fixed."
)


class Command(BaseCommand):
    help = "Analyse the reference study's published responses: results.json and tables as CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("responses", type=Path, metavar="RESPONSES.csv")
        parser.add_argument(
            "--pool", type=Path, metavar="POOL.csv",
            help="each AI's correctness and confidence on every image; without it, no teams",
        )  # fmt: skip
        parser.add_argument(
            "--exclude", action="append", default=[], metavar="RULE",
            help="leave out participants, e.g. accuracy<=50, balanced_accuracy<=55; may be given "
            f"several times. Measures (rates in percent): {', '.join(RULED)}",
        )  # fmt: skip
        parser.add_argument(
            "--exclude-id", action="append", default=[], metavar="ID",
            help="leave out one participant, by the file's id or the pseudonym",
        )  # fmt: skip
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--tuning", type=int, metavar="N",
            help="number of images that tune the threshold (default: as in the reference study)",
        )  # fmt: skip
        parser.add_argument(
            "--paper", action="store_true",
            help="compare confidences with the reference study's floating-point thresholds",
        )  # fmt: skip
        parser.add_argument(
            "--reference", type=Path, metavar="FILE.json",
            help="numbers to compare with (default: reference_cub.json or reference_imagenet.json "
                 "next to the responses)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._analyse(options)
        except ValueError as error:  # all refusals of the analysis are ValueErrors
            raise CommandError(str(error)) from error

    def _analyse(self, options: dict[str, Any]) -> None:
        rules = tuple(Rule.parse(text) for text in options["exclude"])
        salt = settings.SECRET_KEY.encode()
        published = read_responses(options["responses"], salt)
        is_named = named_sessions(published, options["exclude_id"], salt)
        pools = read_pool(options["pool"]) if options["pool"] else None
        self.stdout.write(
            f"Read {len(published.responses)} answers of {len(published.sessions)} participants "
            f"in the {published.schema.name} schema."
        )
        chosen = Settings(rules, options["tuning"], options["paper"])
        report = report_of(published, pools, is_named, chosen)
        reference = _reference(options["reference"], options["responses"], published)
        compared = comparison_table(report.results, reference)
        tables = report.tables | {"comparison.csv": compared}
        files = files_write(options["out"], report.results, tables)
        self._print(published, report, compared)
        self.stdout.write(f"\nWrote {', '.join(files)} to {options['out']}")

    def _print(self, published: Published, report: Report, compared: DataFrame) -> None:
        for oddity in published.oddities:
            self.stdout.write(f"- {oddity.what} ({oddity.n_affected}) {oddity.done}")
        self._table("Excluded:", report.tables["exclusions.csv"])
        for group, title in TITLES.items():
            rows = compared[compared["group"] == group]
            if len(rows):
                self._table(title, _wide(rows))
        self._both_ways(report.tables["tests.csv"])
        if "team.csv" in report.tables:
            self._verdicts(report.tables["team.csv"])
        self._table("Seconds of the test stage:", report.tables["times.csv"].drop(columns="done"))

    def _both_ways(self, tests: DataFrame) -> None:
        rows = tests[(tests["sample"] == "kept") & (tests["measure"] == "accuracy")]
        names = ["twoway_difference", "twoway_low", "twoway_high", "twoway_p", "shares_photos"]
        if len(rows):
            self._table(BOTH_WAYS, rows[["condition_a", "condition_b", *names]])
        if not rows["shares_photos"].all():
            self.stdout.write(ONLY_PHOTOS)

    def _verdicts(self, teams: DataFrame) -> None:
        names = ["team_natural", "human_alone_natural", "ai_alone_natural", "ai_always"]
        names += ["complementarity", "complementarity_low", "complementarity_high", "verdict"]
        rows = teams.loc[teams["sample"] == "kept", ["condition", *names]]
        self._table(VERDICTS, rows)
        self.stdout.write(WHY_OTHER)

    def _table(self, title: str, table: DataFrame) -> None:
        self.stdout.write(f"\n{title}")
        if table.empty:
            self.stdout.write("nothing")
            return
        self.stdout.write(table.to_string(index=False, na_rep="", float_format=_digits))


def _reference(given: Path | None, responses: Path, published: Published) -> dict[str, Any] | None:
    beside = responses.with_name(f"reference_{published.schema.name.lower()}.json")
    if given is None and not beside.is_file():
        return None
    return read_reference(given or beside)


def _wide(rows: DataFrame) -> DataFrame:
    """Return one row per quantity with a column per condition; for tests, one row per pair."""
    index, columns = ("of", "quantity") if rows["group"].iloc[0] == "tests" else ("quantity", "of")

    def laid_out(values: str) -> DataFrame:
        return rows.pivot_table(
            index=index, columns=columns, values=values, sort=False, dropna=False
        ).map(_digits)

    table = laid_out("computed")
    if rows["reference"].notna().any():
        known = laid_out("reference")
        table += (" (" + known + ")").where(known != "", "")
        largest = rows["difference"].abs().groupby(rows[index], sort=False).max()
        table["difference"] = largest.map(_digits)
    return table.rename_axis(columns=None).reset_index()


def _digits(value: float) -> str:
    """Format a number with two decimals, a small one with three significant digits."""
    if value != value:
        return ""
    if float(value).is_integer():
        return str(int(value))
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"
