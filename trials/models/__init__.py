"""The models of the trials app, by subject."""

from trials.models.answers import (
    AttentionCheck,
    Occasion,
    PriorKnowledge,
    QuestionAnswer,
    Response,
    ResponseQuerySet,
    Trial,
    TrialQuerySet,
)
from trials.models.errors import PageError
from trials.models.interactions import Interaction
from trials.models.limits import Attempts
from trials.models.lists import StudyList
from trials.models.participants import Identity, Participant, mode_of
from trials.models.places import PlaceCount
from trials.models.session_log import Event, StepVisit
from trials.models.studies import Condition, Study, StudyLog, TrialItem, TrialSet

__all__ = [
    "Attempts",
    "AttentionCheck",
    "Condition",
    "Event",
    "Identity",
    "Interaction",
    "Occasion",
    "PageError",
    "Participant",
    "PlaceCount",
    "PriorKnowledge",
    "QuestionAnswer",
    "Response",
    "ResponseQuerySet",
    "StepVisit",
    "Study",
    "StudyList",
    "StudyLog",
    "Trial",
    "TrialItem",
    "TrialQuerySet",
    "TrialSet",
    "mode_of",
]
