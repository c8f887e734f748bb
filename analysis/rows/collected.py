"""A study's data besides the test, as tidy rows: practice, questions, what was on screen.

``CollectedRows`` gives the rows of every data file of an export; a page of results needs only those
of ``StudyRows``. Rows are streamed, have the columns of the codebook in its order, and are sorted
by participant (people before robots).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from django.db.models import F, Q

from analysis.codebook.collected_columns import PRACTICE
from analysis.rows.collected_wording import answer_of, cells_of
from analysis.rows.export_wording import ORDER, Row, Who, teller
from analysis.rows.frame import CHUNK_ROWS, StudyRows, by_person
from analysis.rows.lookups import answers_of, empty_columns, lookups_of
from analysis.rows.panels import PanelRows, item_id
from classifiers.models import Neighbor, Prediction
from trials.models import Participant, QuestionAnswer, Response, Trial
from trials.panels.exemplars import examples_of
from trials.services.flags import flags_of_all
from trials.study.design import Phase
from trials.study.plan import VIEWS, QuestionPlan, StudyPlan
from trials.study.pseudonyms import pseudonym

FREE_TEXT = ("line", "paragraph")
PANELS = "panels"
PRACTICED = (Phase.TRAINING, Phase.VALIDATION)
SEPARATOR = "; "
ANSWER_LOOKUPS = {
    "participant_id": "participant__number",
    "is_simulated": "participant__is_simulated",
    "page": "page",
    "question": "name",
    "value": "value",
    "received_at": "received_at",
}
SHOWN_LOOKUPS = {
    "participant_id": "participant__number",
    "is_simulated": "participant__is_simulated",
    "condition": "condition__name",
    "view": "condition__view_name",
    "phase": "phase",
    "position": "position",
    "prediction": "prediction_id",
    "sha256": "prediction__image__sha256",
}
# An example's photo (fingerprint and path) and its matches, as stored.
Example = tuple[str, str, list[dict[str, Any]]]


class CollectedRows(StudyRows):
    """The rows of every data file. ``include_texts`` adds people's free-text answers."""

    def counts(self) -> dict[str, int]:
        """Return the approximate number of rows of each file, to show progress."""
        n_practice = (
            Response.objects.final()
            .filter(self._of("trial__participant__"), trial__phase__in=PRACTICED)
            .count()
        )
        n_answers = QuestionAnswer.objects.filter(self._of("participant__")).count()
        n_trials = Trial.objects.filter(self._of("participant__")).count()
        n_shown = n_trials * self._n_exemplars()
        return super().counts() | {
            "practice": n_practice, "answers": n_answers, "shown": n_shown
        }  # fmt: skip

    def flags(self) -> dict[Who, str]:
        """Return the flags, joined by ``; ``, of each participant who has any."""
        found = Participant.objects.filter(self._of(""), consented_at__lte=self.moment)
        return {
            (person.is_simulated, person.number): SEPARATOR.join(flag.name for flag in flags)
            for person, flags in flags_of_all(found)
            if flags
        }

    def practice(self) -> Iterator[Row]:
        """Yield one row per answered trial of the training and the validation."""
        plan = self.study.plan
        lookups = lookups_of(plan) | {"phase": "trial__phase"}
        found = answers_of(plan).filter(
            self._of("trial__participant__"),
            trial__phase__in=PRACTICED,
            received_at__lte=self.moment,
        )
        who = [lookups[name] for name in ORDER]
        ordered = found.order_by(*who, "trial__phase", "trial__position")
        empty = empty_columns(plan, has_texts=self.include_texts)
        tell = teller(PRACTICE, [*lookups, "attempt"], empty)
        place = {name: index for index, name in enumerate(lookups)}
        validation = plan.validation
        for raw in ordered.values_list(*lookups.values()).iterator(chunk_size=CHUNK_ROWS):
            person = self.people.get((raw[place["is_simulated"]], raw[place["participant_id"]]))
            if person is None:
                continue
            is_gate = validation is not None and raw[place["phase"]] == Phase.VALIDATION
            n_before = raw[place["trial_index"]] // validation.n if validation and is_gate else 0
            told = list(raw)
            told[place["participant_status"]] = person["status"]
            yield tell((*told, n_before + 1))

    def questions(self) -> dict[tuple[str, str], QuestionPlan]:
        """Return the study's own questions by page and name."""
        return questions_of(self.study.plan)

    def answers(self) -> Iterator[Row]:
        """Yield one row per answered question; free text only if ``include_texts``."""
        asked = self.questions()
        found = QuestionAnswer.objects.filter(
            self._of("participant__"), received_at__lte=self.moment
        )
        given = by_person(found, ANSWER_LOOKUPS, "pk")
        for who in self.people:
            for item in given(who):
                question = asked[item["page"], item["question"]]
                if self.include_texts or question.answer not in FREE_TEXT:
                    said = answer_of(question, item["value"])
                    head = (pseudonym(*who), item["page"], item["question"], question.answer)
                    yield (*head, *said, item["received_at"])

    def n_texts(self) -> int:
        """Count the free-text answers."""
        asked = self.questions().items()
        written = [place for place, question in asked if question.answer in FREE_TEXT]
        named = Q(pk__in=[])
        for page, name in written:
            named |= Q(page=page, name=name)
        found = QuestionAnswer.objects.filter(named, self._of("participant__"))
        n_reasons = self._n_reasons() if self.study.plan.task.reason != "none" else 0
        return found.filter(received_at__lte=self.moment).count() + n_reasons

    def _n_reasons(self) -> int:
        given = Response.objects.filter(self._of("trial__participant__")).exclude(reason="")
        return given.filter(received_at__lte=self.moment).count()

    def shown(self) -> Iterator[Row]:
        """Yield one row per panel or example on a trial's page, as each person saw it."""
        seen = Trial.objects.filter(self._of("participant__"), presented_at__lte=self.moment)
        with_examples = [
            name for name, view in VIEWS.items() if examples_of(view) or PANELS in view.panels
        ]
        seen = seen.filter(condition__view_name__in=with_examples)
        trials = by_person(seen, SHOWN_LOOKUPS, "position")
        phases = list(Phase)
        for who in self.people:
            mine = trials(who)
            mine.sort(key=lambda trial: phases.index(trial["phase"]))
            for trial in mine:
                yield from self._examples_of(who, trial)

    def _examples_of(self, who: Who, trial: Mapping[str, Any]) -> Iterator[Row]:
        view = VIEWS[trial["view"]]
        panel = examples_of(view)
        head = (pseudonym(*who), trial["phase"], trial["position"] + 1, item_id(trial["sha256"]))
        if PANELS in view.panels:
            choice = self.study.plan.of(trial["condition"]).panels
            yield from ((*head, *row) for row in self.panels.of(trial["prediction"], choice))
            return
        n = self.study.plan.of(trial["condition"]).trial.n_exemplars
        examples = self.examples.get(trial["prediction"], [])[:n]
        for place, (sha256, image, matches) in enumerate(examples, 1):
            shown = matches if panel is not None and panel.marks(matches) else []
            cells = (cells_of(shown, "query_cell"), cells_of(shown, "gallery_cell"))
            yield (*head, place, item_id(sha256), image, *cells, 1, "exemplars", None)

    @cached_property
    def panels(self) -> PanelRows:
        """The rows of the panels of each prediction that somebody judged."""
        judged = Trial.objects.filter(self._of("participant__")).values("prediction")
        return PanelRows(Prediction.objects.filter(pk__in=judged), self._n_exemplars())

    def _n_exemplars(self) -> int:
        """Return how many examples the condition with most of them shows."""
        return max(plan.trial.n_exemplars for plan in self.study.plan.plans)

    @cached_property
    def examples(self) -> dict[int, list[Example]]:
        """Return the examples of each prediction that somebody judged, the nearest first.

        They are those of the AI's class, as many as some condition shows.
        """
        judged = Trial.objects.filter(self._of("participant__")).values("prediction")
        voters = Neighbor.objects.filter(
            prediction__in=judged, image__category=F("prediction__category")
        )
        rows = voters.order_by("prediction", "rank").values_list(
            "prediction", "image__sha256", "image__source", "matches"
        )
        n, found = self._n_exemplars(), dict[int, list[Example]]()
        for prediction, sha256, source, matches in rows.iterator(chunk_size=CHUNK_ROWS):
            mine = found.setdefault(prediction, [])
            if len(mine) < n:
                mine.append((sha256, source, matches))
        return found


def questions_of(plan: StudyPlan) -> dict[tuple[str, str], QuestionPlan]:
    """Return a study's own questions by page and name, in the order in which they are asked."""
    pages = plan.questions.items()
    return {
        (page, question.name): question for page, asked in pages for question in asked.questions
    }
