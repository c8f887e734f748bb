"""A researcher who is signed in at a browser."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from playwright.sync_api import BrowserContext

from trials.roles import groups_make


def sign_in(context: BrowserContext, site: str, name: str = "rita") -> User:
    """Make a researcher's account and put its session into the browser."""
    groups_make()
    user = User.objects.create(username=name, is_staff=True)
    user.groups.add(Group.objects.get(name="researcher"))
    client = Client()
    client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return user
