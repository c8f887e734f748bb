"""All writes of the trials app. Each is one transaction; a repeated call changes nothing."""

from trials.services.answers import (
    attempt_of,
    n_correct,
    trial_of,
    trials_of,
)
from trials.services.enrolment import (
    entry_check,
    hash_of,
    participant_arrive,
    participant_before,
    participant_enrol,
    participant_known,
    participant_proven,
    places_check,
)
from trials.services.events import (
    events_add,
)
from trials.services.flags import (
    participant_flags,
)
from trials.services.freezing import (
    Verdict,
    frozen_sha256,
    study_shortages,
    study_verify,
)
from trials.services.outcomes import (
    participant_exclude,
    participant_pay,
    participant_release,
    participant_return,
    participant_stop,
    participant_time_out,
    participant_withdraw,
)
from trials.services.progress import (
    participant_advance,
    participant_seen,
    seconds_left,
    step_show,
)
from trials.services.quotas import (
    ArmPlaces,
    arm_places,
)
from trials.services.refusals import (
    AlreadyTookPart,
    BegunElsewhere,
    PageTaken,
    StudyChanged,
    StudyFull,
    StudyNotOpen,
    StudyRefused,
)
from trials.services.run_selection import (
    runs_choose,
    runs_found,
)
from trials.services.studies import (
    condition_switch,
    study_base,
    study_changes,
    study_close,
    study_copy,
    study_create,
    study_delete,
    study_draft,
    study_freeze,
    study_keep_text,
    study_open,
    study_own,
    study_pause,
    study_pilot,
    study_revise,
    study_share,
    study_version,
)
from trials.steps.submission import ClientEvent, Submission

__all__ = [
    "AlreadyTookPart",
    "ArmPlaces",
    "BegunElsewhere",
    "ClientEvent",
    "PageTaken",
    "StudyChanged",
    "StudyFull",
    "StudyNotOpen",
    "StudyRefused",
    "Submission",
    "Verdict",
    "arm_places",
    "attempt_of",
    "condition_switch",
    "entry_check",
    "events_add",
    "frozen_sha256",
    "hash_of",
    "n_correct",
    "participant_advance",
    "participant_arrive",
    "participant_before",
    "participant_enrol",
    "participant_exclude",
    "participant_flags",
    "participant_known",
    "participant_pay",
    "participant_proven",
    "participant_release",
    "participant_return",
    "participant_seen",
    "participant_stop",
    "participant_time_out",
    "participant_withdraw",
    "places_check",
    "runs_choose",
    "runs_found",
    "seconds_left",
    "step_show",
    "study_base",
    "study_changes",
    "study_close",
    "study_copy",
    "study_create",
    "study_delete",
    "study_draft",
    "study_freeze",
    "study_keep_text",
    "study_open",
    "study_own",
    "study_pause",
    "study_pilot",
    "study_revise",
    "study_share",
    "study_shortages",
    "study_verify",
    "study_version",
    "trial_of",
    "trials_of",
]
