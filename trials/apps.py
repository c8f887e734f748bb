"""People: one participant, one trial, one answer."""

from django.apps import AppConfig
from django.core.signals import got_request_exception
from django.db.models.signals import post_migrate


class TrialsConfig(AppConfig):
    name = "trials"

    def ready(self) -> None:
        from classifiers.services import holds
        from trials.page_errors import error_note
        from trials.roles import groups_make
        from trials.services.holding import study_holds

        holds.HOLDERS.append(study_holds)
        post_migrate.connect(groups_make, sender=self)
        got_request_exception.connect(error_note, dispatch_uid="trials.page_errors")
