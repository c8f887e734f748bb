"""The language of a participant's page: which one it is, and the platform's texts in it.

A study is shown in the language of its document, or in one of its translations, which people choose
at the entry. A session keeps the language in which it began.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Final

from django.http import HttpRequest
from django.utils import translation
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.utils.translation.trans_real import parse_accept_lang_header

from trials.models import Participant, Study
from trials.study.languages import ENGLISH, LANGUAGES, choose, isolated, percent_text
from trials.study.messages import ToPerson
from trials.study.plan import StudyPlan

_TAGS: Final = {tag.lower(): tag for tag in LANGUAGES}
# Where a page of an error finds the language: a key of the WSGI environment, which no request sets.
LANGUAGE: Final = "trials.language"
# The fields that name a language: of a link or a form, and of the buttons of the entry page.
ASKED: Final = ("speak", "lang")


def current() -> str:
    """Return the BCP 47 tag of the language of the page that is being made."""
    return _TAGS.get((translation.get_language() or ENGLISH).lower(), ENGLISH)


def spoken(plan: StudyPlan) -> StudyPlan:
    """Return a plan with its texts in the current language."""
    return plan.in_language(current(), _)


def language_of(request: HttpRequest, study: Study, participant: Participant | None) -> str:
    """Return the language of a request: the person's, or what the link, form or browser asks for.

    Only languages of the study are chosen; without a wish it is the study's own.
    """
    offered = study.plan.languages
    if participant is not None and participant.language in offered:
        return participant.language
    asked = [sent[name] for sent in (request.POST, request.GET) for name in ASKED if name in sent]
    said = [
        tag for tag, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    ]
    return choose(offered, [*asked, *said])


@contextmanager
def speaking(
    request: HttpRequest, study: Study, participant: Participant | None = None
) -> Iterator[None]:
    """Make a page in the language of the request."""
    language = language_of(request, study, participant)
    request.META[LANGUAGE] = language
    with translation.override(language.lower()):
        yield


@contextmanager
def speaking_of_error(request: HttpRequest) -> Iterator[None]:
    """Make a page of an error in the language of the page that failed.

    Where it failed before that was known, the browser's language is used, on participants'
    addresses only: the researchers' pages are in English.
    """
    language = request.META.get(LANGUAGE, "")
    if not language and request.path.startswith("/s/"):
        said = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
        language = choose(tuple(LANGUAGES), [tag for tag, _weight in said])
    with translation.override((language or ENGLISH).lower()):
        yield


def name_shown(name: str) -> str:
    """Return the name of the AI as a page shows it."""
    return isolated(name, current())


def percent(n: int, plan: StudyPlan | None = None) -> str:
    """Return a whole number of percent in the current language.

    English has no space before the sign; the reference study's layout has one and keeps it.
    """
    text = percent_text(n, current())
    is_plain = plan is not None and plan.trial.is_equal and current() == ENGLISH
    return text.replace(" ", "") if is_plain else text


def article(noun: str) -> str:
    """Return "a" or "an" in English; nothing in a language whose sentences need no article here.

    The article of a category's name depends on its gender in many languages. The catalogues have
    sentences without one.
    """
    if current() != ENGLISH:
        return ""
    return "an" if noun[:1].lower() in "aeiou" else "a"


def either(names: Sequence[str]) -> str:
    """Return names as alternatives: one or another."""
    return reduce(
        lambda first, last: _("%(first)s or %(last)s") % {"first": first, "last": last}, names
    )


def listed(names: Sequence[str]) -> str:
    """Return names as a list of alternatives: one, another or a third."""
    *before, last = names
    return (
        either([pgettext("between two items of a list", ", ").join(before), last])
        if before
        else last
    )


def devices_accepted(plan: StudyPlan) -> str:
    """Return the devices that a study accepts, in words."""
    words = {"computer": _("a computer"), "tablet": _("a tablet"), "phone": _("a phone")}
    devices = listed([words[kind] for kind in plan.device.kinds])
    if not plan.device.min_width:
        return devices
    values = {"devices": devices, "n": plan.device.min_width}
    return _("%(devices)s, with a window at least %(n)s pixels wide") % values


def grouped(n: int) -> str:
    """Return a whole number with the language's separator of thousands."""
    return number_format(n, force_grouping=True)


def decimal(number: str) -> str:
    """Return a number with the language's decimal sign."""
    return number.replace(".", get_format("DECIMAL_SEPARATOR"))


def said(error: Exception) -> str:
    """Return the message of an error in the current language, where it has a text to translate."""
    return _(error.text) % error.values if isinstance(error, ToPerson) else str(error)
