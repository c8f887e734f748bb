"""A browser in tests whose pages are its own person's."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest
from django.test import Client

from trials.models import Participant, Study
from trials.participant import identity

SESSION_PAGES = re.compile(r"/s/([\w-]+)/(session|stop|events|next-person|mask)/$")


def person_in(client: Client, slug: str = "trees") -> Participant | None:
    """Return who a browser is in a study, by its cookie."""
    request = HttpRequest()
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    study = Study.objects.filter(slug=slug).first()
    return identity.participant_of(request, study) if study else None


def be(client: Client, participant: Participant) -> None:
    """Let a browser be a person, as if it had come in by the door."""
    request = HttpRequest()
    identity.carry(request, participant)
    client.cookies.load(request.COOKIES)


class Tab(Client):
    """A browser that was just shown the page from which it posts.

    A post without ``shown_to`` carries the field of the page that is posted: of the person whom
    the cookie names, at the step that is sent.
    """

    def post(self, path: Any, data: Any = None, *args: Any, **more: Any) -> Any:
        return super().post(path, self._signed(path, data or {}), *args, **more)

    def _signed(self, path: str, data: Any) -> Any:
        found = SESSION_PAGES.search(path)
        if found is None or not isinstance(data, dict) or identity.SEAL in data:
            return data
        person = person_in(self, found[1])
        if person is None:
            return data
        return data | {identity.SEAL: identity.seal(person, data.get("step", person.step))}
