"""The results page in sections: its panels in order, each number with a link to its formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analysis.codebook.anchors import FIGURES, anchor_of, figure_anchor
from analysis.figures.figure_texts import CALIBRATION, FLOW, READER_ROC, TEAM
from analysis.results import answers, attrition_sheet, interaction_sheet, task_sheets
from analysis.results.cells import Sheet
from analysis.results.sheets import OBSERVED, PREVALENCE, TESTS, Panel

SUMMARY, RELIANCE, OF_TEAM, QUALITY, OF_FLOW = "Summary", "Reliance", "Team", "Quality", "Flow"
SECTIONS: Final = (SUMMARY, RELIANCE, OF_TEAM, QUALITY, OF_FLOW)
WIDEST_BESIDE: Final = 6  # columns; a wider table is below its figure
# The section of each figure.
OF_FIGURE: Final[Mapping[str, str]] = {
    "accuracy": SUMMARY,
    "accuracy_by_ai": SUMMARY,
    "accuracy_by_difficulty": QUALITY,
    "reliance": RELIANCE,
    TEAM: OF_TEAM,
    "time": QUALITY,
    "position": QUALITY,
    CALIBRATION: RELIANCE,
    READER_ROC: RELIANCE,
    FLOW: OF_FLOW,
}
# The section, and the table of the formulas, of each panel without a figure.
OF_TITLE: Final[Mapping[str, tuple[str, str]]] = {
    TESTS: (SUMMARY, "tests"),
    task_sheets.CLASSES_TITLE: (SUMMARY, "classes"),
    task_sheets.RELIANCE_TITLE: (RELIANCE, "task_measures"),
    task_sheets.AGREEMENT_TITLE: (RELIANCE, "task_measures"),
    task_sheets.CONFIDENCE_TITLE: (RELIANCE, "task_measures"),
    interaction_sheet.TITLE: (RELIANCE, "interaction"),
    OBSERVED: (OF_TEAM, "team_observed"),
    PREVALENCE: (OF_TEAM, "team_prevalence"),
    task_sheets.COMBINED_TITLE: (OF_TEAM, "combination"),
    "Exclusions": (QUALITY, "exclusions"),
    answers.TITLE: (QUALITY, ""),
    attrition_sheet.TITLE: (OF_FLOW, "attrition"),
}
# The formula of a column, where it has one of its own: table and key of ``anchors``.
OF_COLUMN: Final[Mapping[str, tuple[str, str]]] = {
    "Accuracy": ("measures", "accuracy"),
    "95 % interval": ("measures", "low"),
    "AI right": ("measures", "accuracy_ai_correct"),
    "AI wrong": ("measures", "accuracy_ai_wrong"),
    "Accepted": ("measures", "accept_rate"),
    "d′": ("measures", "d_prime"),
    "c": ("measures", "criterion"),
    "Over-reliance: wrong AI accepted": ("measures", "over_reliance"),
    "Under-reliance: right AI rejected": ("measures", "under_reliance"),
    "Easy": ("accuracy_by", "difficulty"),
    "Medium": ("accuracy_by", "difficulty"),
    "Hard": ("accuracy_by", "difficulty"),
    "p": ("tests", "twoway_p"),
    "p (Holm)": ("tests", "twoway_p_holm"),
    "Mann–Whitney U": ("tests", "u"),
    "Mann–Whitney p": ("tests", "p"),
    "Mann–Whitney p (Holm)": ("tests", "p_holm"),
    "Cliff’s δ": ("tests", "cliffs_delta"),
    "Threshold": ("team", "threshold"),
    "AI alone": ("team", "ai_alone"),
    "Team − best of the others": ("team", "complementarity_low"),
    "Beats both": ("team", "verdict"),
    "First correct": ("task_measures", "first_accuracy"),
    "Final correct": ("task_measures", "final_accuracy"),
    "Gain": ("task_measures", "gain"),
    "Switched to the AI": ("task_measures", "switch_fraction"),
    "RAIR": ("task_measures", "rair"),
    "RSR": ("task_measures", "rsr"),
    "Chose the AI’s class": ("task_measures", "agreement"),
    "Too sure by": ("task_measures", "overconfidence"),
    "Brier score": ("task_measures", "brier"),
    "Calibration error": ("task_measures", "calibration_error"),
    "AUROC2": ("task_measures", "auroc2"),
    "Reader AUC": ("task_measures", "reader_auc"),
    "Bounds": ("attrition", "lee_low"),
    "All who began": ("attrition", "all_randomised"),
}
# The same in one table, if a column of that name means something else there.
OF_TABLE_COLUMN: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("team", "People"): ("team", "human_alone_natural"),
    ("team", "AI always accepted"): ("team", "ai_always"),
    ("team", "Team"): ("team", "team_natural"),
    ("team", "Team, mixture of the trials"): ("team", "team"),
    ("team", "Natural mixture, all photos"): ("team", "team_prevalence_corrected"),
    ("tests", "95 % interval"): ("tests", "twoway_low"),
    ("tests", "Difference"): ("tests", "difference"),
    ("attrition", "p"): ("attrition", ""),
    ("attrition", "Difference"): ("attrition", "difference"),
}


@dataclass(frozen=True, slots=True)
class Head:
    """A column's words, and the anchor of its formula; empty if its table's formula is enough."""

    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Part:
    """A panel at its place on the page; ``table`` has its numbers, empty without formulas."""

    panel: Panel
    table: str
    anchor: str

    @property
    def heads(self) -> list[Head]:
        """The columns with their formulas."""
        return heads_of(self.panel.sheet, self.table)

    @property
    def is_wide(self) -> bool:
        """Whether the table is too wide to be beside its figure."""
        return len(self.panel.sheet.columns) > WIDEST_BESIDE or self.panel.name == FLOW

    @property
    def is_folded(self) -> bool:
        """Whether the table of details is folded: it does not stand beside a figure."""
        return self.is_wide or not self.panel.name


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page with its parts."""

    name: str
    parts: list[Part]

    @property
    def anchor(self) -> str:
        """The id that links within the page lead to."""
        return self.name.lower()


def heads_of(sheet: Sheet, table: str) -> list[Head]:
    """Return the columns of a table, each with the anchor of its formula."""
    keys = [OF_TABLE_COLUMN.get((table, words), OF_COLUMN.get(words)) for words in sheet.columns]
    return [
        Head(words, anchor_of(*key) if key else "")
        for words, key in zip(sheet.columns, keys, strict=True)
    ]


def sections_of(panels: Sequence[Panel]) -> list[Section]:
    """Return the sections in order, each with its panels; every section, even without panels.

    ``KeyError`` for a panel that has no section.
    """
    found: dict[str, list[Part]] = {name: [] for name in SECTIONS}
    for panel in panels:
        if panel.name:
            section, table = OF_FIGURE[panel.name], FIGURES[panel.name][0]
            anchor = figure_anchor(panel.name)
        else:
            section, table = OF_TITLE[panel.title]
            anchor = anchor_of(table) if table else ""
        found[section].append(Part(panel, table, anchor))
    return [Section(name, parts) for name, parts in found.items()]
