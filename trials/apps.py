"""People: one participant, one trial, one answer."""

from django.apps import AppConfig
from django.core.signals import got_request_exception
from django.db.models.signals import post_migrate


class TrialsConfig(AppConfig):
    name = "trials"

    def ready(self) -> None:
        from classifiers.services import dataset_locks
        from trials.participant.page_errors import error_note
        from trials.roles import groups_make
        from trials.services.dataset_locks import study_holds
        from trials.study.registry import load_modules

        load_modules("trials.panels")  # each module registers its explanation panel
        load_modules("trials.steps")  # and each of these its screen type

        dataset_locks.HOLDERS.append(study_holds)
        post_migrate.connect(groups_make, sender=self)
        got_request_exception.connect(error_note, dispatch_uid="trials.participant.page_errors")
