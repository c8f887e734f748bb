"""A researcher at the browser, with a study of their own."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tests.factories import make_plan, make_study
from trials import services
from trials.models import Study


@pytest.fixture
def rita(db: None) -> User:
    """A researcher."""
    user = User.objects.create(username="rita", is_staff=True)
    user.groups.add(Group.objects.get(name="researcher"))
    return user


@pytest.fixture
def browser(client: Client, rita: User) -> Client:
    """Their browser, signed in."""
    client.force_login(rita)
    return client


@pytest.fixture
def draft(rita: User) -> Study:
    """Their draft, which can be launched, on photos that another study is open on."""
    document = make_plan(contact="lab@example.org").document
    return services.study_draft(
        slug="draft", dataset=make_study().dataset, document=document, user=rita
    )
