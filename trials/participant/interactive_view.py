"""The answer for the parts of a photo that a person selects: a piece of the trial's page."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from classifiers.core.chm.pair_cosines import PairsRefused
from trials.models import Participant, Study
from trials.participant.forms import MaskForm
from trials.participant.identity import own_page_only
from trials.participant.trial_view import seen_in, trial_screen
from trials.services.interaction import TooManyMasks, mask_choose

logger = logging.getLogger(__name__)
ANSWER = "trials/panels/_guide_answer.html"


@never_cache
@require_POST
@own_page_only
def mask(request: HttpRequest, study: Study, participant: Participant | None) -> HttpResponse:
    """Rank the participant's current photo by a mask and return the new answer as HTML.

    400: no mask. 403: no session. 410: the page is not the current step. 429: too many in a minute.
    503: the stored cosines are missing or changed. The page then keeps its last answer.
    """
    form = MaskForm(request.POST)
    if participant is None or not form.is_valid():
        return HttpResponse(status=403 if participant is None else 400)
    try:
        trial = mask_choose(participant=participant, **form.cleaned_data)
    except TooManyMasks:
        return HttpResponse(status=429)
    except PairsRefused as error:
        logger.error("%s", error)
        return HttpResponse(status=503)
    if trial is None:
        return HttpResponse(status=410)
    screen = trial_screen(trial, participant)
    shown = screen.query_panel.content.data if screen.query_panel else None
    context = {**seen_in(study, trial.condition), "screen": screen, "shown": shown}
    return render(request, ANSWER, context)
