"""The texts that scripts of participants' pages show. ``static/js/texts.js`` reads them.

``{name}`` stands for a value. ``s`` is the unit of seconds, after a space that does not break.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def script_texts() -> dict[str, str]:
    """Return all texts by the name that scripts use, in the current language."""
    return {
        "copied": _("Copied."),
        "selected": _("Selected: copy it with Ctrl+C, or ⌘C on a Mac."),
        "taken-back": _("You will return to {place} in {seconds}\u00a0s."),
        "taken-back-said": _(
            "You will return to {place} in {seconds} seconds. Press “Stay here” to stay."
        ),
        "seconds-left": _("{seconds} seconds left."),
        "stays": _("You stay on this page. The button above takes you back whenever you like."),
        "wait": _("You can go on in {seconds}\u00a0s"),
        "try-now": _("Try now"),
        "retry": _("Your answer is kept. Trying again in {seconds}\u00a0s."),
        "sending": _("Your answer is kept. Sending …"),
        "reload": _("Reload the page"),
        "too-old": _(
            "This page was open for too long, so this answer could not be stored. "
            "All answers before it are."
        ),
        "answer-again": _("Please reload the page and answer once more."),
        "photo-slow": _("Loading this photo takes longer than usual …"),
        "photo-failed": _("This photo did not load. Trying again in {seconds}\u00a0s."),
        "photo-lost": _(
            "This photo still does not load. Check your connection and reload the page: "
            "nothing is lost."
        ),
        "photo-again": _("Trying again …"),
        "found": _("{n} found"),
        "limit": _("{seconds}\u00a0s for this photo"),
        "close": pgettext("button of an enlarged photo", "Close"),
        "answer-slow": _("The new answer takes longer than usual. The last one stays."),
        "not-current": _("This page is not the current one any more. Please reload it."),
        "answer-failed": _(
            "There is no new answer yet: the last one stays. Trying again in {seconds}\u00a0s."
        ),
        "offline": _("You are offline: the last one stays. Trying again in {seconds}\u00a0s."),
    }
