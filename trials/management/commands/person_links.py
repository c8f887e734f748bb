"""Prints a signed link for each person of a study that recruits by links."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trials.models import Study
from trials.participant.links import person_link
from trials.participant.recruitment import CHANNELS, ArrivalRefused, arrival_of


class Command(BaseCommand):
    help = (
        "Print a signed link for each id. With it, a person begins, and continues in any browser."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="the study's short name")
        parser.add_argument("ids", nargs="*", help="one id a person; without, read line by line")
        parser.add_argument(
            "--site", default="", help="the part before the path, https://YOUR.SITE"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"No study {options['study']!r}.")
        channel = study.plan.recruitment.channel
        if CHANNELS[channel].needs_person:
            raise CommandError(
                f"{study} recruits by {CHANNELS[channel].label}, which makes the links. Signed "
                "links are for studies whose channel is link or in_person."
            )
        ids = options["ids"] or (item.strip() for item in sys.stdin)
        for person_id in filter(None, ids):
            try:
                arrival_of(channel, {"pid": person_id})
            except ArrivalRefused as refusal:
                raise CommandError(
                    f"{person_id!r}: expected 1 to 200 printable characters without spaces."
                ) from refusal
            self.stdout.write(options["site"].rstrip("/") + person_link(study, person_id))
