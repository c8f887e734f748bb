"""The languages of participants' pages, and a study's own texts in them. Pure.

A study document names its ``language`` and may have ``translations`` of its own texts. The
platform's texts are in the catalogues of ``trials/catalogues``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Protocol

from trials.study.plan_parts import WordingPlan
from trials.study.schema import schema
from trials.study.stage_plans import QuestionsPlan

ENGLISH: Final = "en"
# Each language with its own name, by its BCP 47 tag. The document's schema has the same tags.
LANGUAGES: Final[Mapping[str, str]] = {
    ENGLISH: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "vi": "Tiếng Việt",
    "zh-Hans": "简体中文",
    "ar": "العربية",
}
# Percentages as CLDR writes them, with Western digits in all languages: the numbers of photos,
# boxes and answers are the same signs everywhere. The spaces do not break. U+200E keeps the sign
# on the right of the number in text that runs from right to left.
_PERCENT: Final[Mapping[str, str]] = {
    ENGLISH: "{} %",
    "de": "{}\u00a0%",
    "es": "{}\u00a0%",
    "fr": "{}\u202f%",
    "vi": "{}%",
    "zh-Hans": "{}%",
    "ar": "{}\u200e%\u200e",
}


# Written from right to left. There, what may be in Latin letters is isolated (FSI and PDI of
# Unicode), so that a name, a title or an address does not reorder the sentence around it.
RIGHT_TO_LEFT: Final = frozenset({"ar"})


def isolated(text: str, language: str) -> str:
    """Return a text that keeps its own direction inside a sentence of the language."""
    return f"\u2068{text}\u2069" if text and language in RIGHT_TO_LEFT else text


def percent_text(n: int, language: str) -> str:
    """Return a whole number of percent as a language writes it."""
    return _PERCENT[language].format(n)


@dataclass(frozen=True, slots=True)
class TranslationPlan:
    """A study's own texts in one more language: pairs of a text and its translation."""

    language: str
    texts: list[dict[str, str]]

    @property
    def by_text(self) -> dict[str, str]:
        """The translations by the text of the document."""
        return {pair["text"]: pair["translation"] for pair in self.texts}


def standard_texts() -> frozenset[str]:
    """Return the default texts of ``wording``: each language has its own standard for them.

    Those with which new studies begin are among them.
    """
    fields = schema()["$defs"]["wording"]["properties"].values()
    texts = (each.get(name, "") for each in fields for name in ("default", "x-new"))
    return frozenset(filter(None, texts))


class Speaking(Protocol):
    """The fields of a ``StudyPlan`` that hold languages and texts."""

    @property
    def document(self) -> dict[str, Any]: ...
    @property
    def language(self) -> str: ...
    @property
    def translations(self) -> tuple[TranslationPlan, ...]: ...


def own_texts(document: Mapping[str, Any]) -> list[str]:
    """Return the texts of a completed document that participants read, without the standard ones.

    A text that consists of the study's numbers alone needs no translation, but is listed.
    """
    found = list(_texts(document))
    standard = standard_texts()
    return list(dict.fromkeys(text for text in found if text.strip() and text not in standard))


def _texts(document: Mapping[str, Any]) -> Iterator[str]:
    yield document["title"]
    yield document.get("topic", "")
    yield document.get("ethics", "")
    yield document["consent"].get("text", "")
    yield from document["wording"].values()
    for condition in document["conditions"]:
        yield from condition.get("wording", {}).values()
    for stage in document["stages"]:
        yield from _stage_texts(stage)
    confidence = document.get("task", {}).get("confidence", "none")
    if isinstance(confidence, Mapping):
        yield from confidence.get("labels", ())


def _stage_texts(stage: Mapping[str, Any]) -> Iterator[str]:
    yield stage.get("title", "")
    yield stage.get("text", "")
    for question in stage.get("questions", ()):
        yield question["text"]
        yield from question.get("choices", ())


def language_problems(plan: Speaking) -> Iterator[tuple[str, object, str]]:
    """Yield what is wrong with a study's languages: the field, what was found, what is expected."""
    named = [plan.language, *(each.language for each in plan.translations)]
    if len(set(named)) < len(named):
        yield "translations", named, "languages that are all different, and not the study's own"
    needed = own_texts(plan.document) if plan.translations else []
    for position, each in enumerate(plan.translations):
        missing = [text for text in needed if not each.by_text.get(text, "").strip()]
        if missing:
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            expected = f"a translation of {missing[0]!r}{more}"
            yield f"translations[{position}].texts", f"{len(each.texts)} pairs", expected
        yield from _pair_problems(f"translations[{position}]", each)
    if plan.language != ENGLISH:
        for text in own_texts(plan.document):
            if "{article}" in text:
                yield "wording", text, _NO_ARTICLE


_NO_ARTICLE: Final = "a text without {article}, which is a or an, for English only"


def _pair_problems(path: str, each: TranslationPlan) -> Iterator[tuple[str, object, str]]:
    for number, pair in enumerate(each.texts):
        where = f"{path}.texts[{number}].translation"
        for name in _NEEDED:
            if name in pair["text"] and name not in pair["translation"]:
                yield where, pair["translation"], f"a text with {name} in it, as in the original"
        if "{article}" in pair["translation"] and each.language != ENGLISH:
            yield where, pair["translation"], _NO_ARTICLE


# Without these a sentence says something else, or cannot be answered.
_NEEDED: Final = ("{label}", "{answer}", "{percent}")


def teller(texts: Mapping[str, str], standard: Callable[[str], str]) -> Callable[[str], str]:
    """Return a function that says a text in a language.

    ``texts`` are the study's translations; ``standard`` translates the platform's texts.
    """
    known = standard_texts()

    def say(text: str) -> str:
        found = texts.get(text, "")
        return found or (standard(text) if text in known else text)

    return say


def spoken_plan(
    plan: Any, language: str, own: Mapping[str, str], standard: Callable[[str], str]
) -> Any:
    """Return a plan with its texts said by the study's own translations and the standard ones."""
    say = teller(own, standard)
    texts: dict[str, Any] = {
        name: isolated(say(getattr(plan, name)), language)
        for name in ("title", "topic", "ethics", "contact")
    }
    return replace(
        plan,
        **texts,
        consent=replace(plan.consent, text=say(plan.consent.text)),
        wording=WordingPlan(**{name: say(text) for name, text in asdict(plan.wording).items()}),
        stages=tuple(said_in_stage(stage, say) for stage in plan.stages),
        task=replace(plan.task, confidence=labels_said(plan.task.confidence, say)),
        said=own,
        spoken_in=language,
    )


def said_in_stage(stage: Any, say: Callable[[str], str]) -> Any:
    """Return a stage of a plan with its texts said; stored choices stay as they are."""
    changes: dict[str, Any] = {
        name: say(getattr(stage, name)) for name in ("title", "text") if hasattr(stage, name)
    }
    if isinstance(stage, QuestionsPlan):
        changes["questions"] = tuple(
            replace(each, text=say(each.text), choices_said=tuple(map(say, each.choices)))
            for each in stage.questions
        )
    return replace(stage, **changes) if changes else stage


def labels_said(confidence: str | dict[str, Any], say: Callable[[str], str]) -> Any:
    """Return a task's ``confidence`` with the labels of its levels said."""
    if isinstance(confidence, str) or "labels" not in confidence:
        return confidence
    return confidence | {"labels": [say(each) for each in confidence["labels"]]}


def choose(offered: Sequence[str], wanted: Sequence[str]) -> str:
    """Return the first offered language that a person wants, or the study's own: the first.

    ``wanted`` are BCP 47 tags in the order of preference; ``de-AT`` is answered by ``de``, and
    Chinese is offered in simplified characters to everybody who reads Chinese.
    """
    by_tag = {tag.lower(): tag for tag in offered}
    for tag in wanted:
        parts = tag.lower().split("-")
        tries = ["-".join(parts[:n]) for n in range(len(parts), 0, -1)]
        if parts[0] == "zh":
            tries.append("zh-hans")
        for each in tries:
            if each in by_tag:
                return by_tag[each]
    return offered[0]
