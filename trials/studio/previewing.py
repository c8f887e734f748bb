"""The preview: a frame around the participant's screens, and a navigator."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from trials import services
from trials.models import Study
from trials.roles import editor_only
from trials.studio.preview import CONSENT, previewed, screen_render, screens_of, sets_of
from trials.study.languages import LANGUAGES

SIZES = {"phone": "Phone (360)", "tablet": "Tablet (768)", "laptop": "Laptop (1366)"}
HEADER = "Content-Security-Policy"
OWN_FILES = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "font-src 'self'; base-uri 'none'"
)
# Only the site's own page can show the frame's page, which can send nothing.
INSIDE = f"{OWN_FILES}; connect-src 'none'; form-action 'none'; frame-ancestors 'self'"
AROUND = (
    f"{OWN_FILES}; connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'"
)


@require_safe
@editor_only
def preview(request: HttpRequest, study: Study) -> HttpResponse:
    """Show any screen to a researcher, with a navigator."""
    chosen = _chosen(request, study)
    plans = previewed(study.plan)
    screens = screens_of(plans[chosen["condition"]])
    at = next(n for n, each in enumerate(screens) if each.key == chosen["screen"])
    groups = [(name, list(each)) for name, each in groupby(screens, key=lambda one: one.group)]
    context = {
        "study": study,
        "chosen": chosen,
        "conditions": list(plans),
        "sets": sets_of(study),
        "groups": groups,
        "sizes": SIZES,
        "languages": [(tag, LANGUAGES[tag]) for tag in study.plan.languages],
        "screen": screens[at],
        "before": screens[at - 1] if at else None,
        "after": screens[at + 1] if at + 1 < len(screens) else None,
        "place": at + 1,
        "n": len(screens),
    }
    response = render(request, "studio/authoring/preview.html", context)
    response[HEADER] = AROUND
    return response


def _chosen(request: HttpRequest, study: Study) -> dict[str, str]:
    """Return the choices in the address; an unknown name falls back to the first choice."""
    plans = previewed(study.plan)
    names = list(plans)
    name = request.GET.get("condition", "")
    plan = plans[name if name in names else names[0]]
    known = {
        "condition": names,
        "set": [str(item) for item in sets_of(study)],
        "screen": [CONSENT, *(item.key for item in screens_of(plan))],
        "size": ["laptop", *SIZES],
        "language": list(study.plan.languages),
    }
    asked = {name: request.GET.get(name, "") for name in known}
    return {
        name: asked[name] if asked[name] in values else values[0] for name, values in known.items()
    }


@require_safe
@editor_only
@xframe_options_sameorigin
def screen(request: HttpRequest, study: Study) -> HttpResponse:
    """Render one of the participant's screens inside the preview's frame."""
    chosen = _chosen(request, study)
    try:
        response = screen_render(
            request,
            study,
            condition=chosen["condition"],
            number=int(chosen["set"]),
            key=chosen["screen"],
            language=chosen["language"],
        )
    except services.StudyRefused as error:
        context = {"study": study, "refusal": str(error)}
        response = render(request, "studio/authoring/no_preview.html", context)
    if response.has_header("Location"):
        context = {"study": study, "refusal": "This screen leads straight on to the next one."}
        response = render(request, "studio/authoring/no_preview.html", context)
    response.cookies.clear()
    response[HEADER] = INSIDE
    return response
