"""Who may do what: administrators everything, researchers their studies, analysts results.

A role is a Django group; a user in several has the highest. Superusers are administrators, and a
staff account without a role is an analyst, so that nobody gets more rights by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Concatenate, ParamSpec

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.models import AbstractUser, AnonymousUser, Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache

from trials.models import Participant, Study
from trials.participant.recruitment import CHANNELS

P = ParamSpec("P")
User = AbstractUser | AnonymousUser


class Role(StrEnum):
    """The three roles, by the names of their groups."""

    ADMINISTRATOR = "administrator"
    RESEARCHER = "researcher"
    ANALYST = "analyst"

    @property
    def may(self) -> str:
        """What the role allows, as a page says it."""
        return {
            Role.ADMINISTRATOR: "administrators may do everything",
            Role.RESEARCHER: "researchers make, edit and launch studies and see their people",
            Role.ANALYST: "analysts see results and results bundles, without identifiers",
        }[self]


def groups_make(**kwargs: Any) -> None:
    """Make the roles' groups; connected to ``post_migrate``."""
    for role in Role:
        Group.objects.using(kwargs.get("using", "default")).get_or_create(name=role.value)


def role_of(user: User) -> Role | None:
    """Return a user's role; None for a user who is not staff."""
    if not (user.is_active and getattr(user, "is_staff", False)):
        return None
    if getattr(user, "is_superuser", False):
        return Role.ADMINISTRATOR
    return next((role for role in Role if role.value in _groups_of(user)), Role.ANALYST)


def _groups_of(user: User) -> frozenset[str]:
    """Return the names of a user's groups: one query for each request, then cached."""
    known: frozenset[str] | None = getattr(user, "known_groups", None)
    if known is None:
        known = frozenset(user.groups.values_list("name", flat=True))
        user.known_groups = known  # type: ignore[union-attr]
    return known


def is_administrator(user: User) -> bool:
    """Whether a user may do everything."""
    return role_of(user) == Role.ADMINISTRATOR


def is_researcher(user: User) -> bool:
    """Whether a user may make studies."""
    return role_of(user) in {Role.ADMINISTRATOR, Role.RESEARCHER}


def may_edit(user: User, study: Study) -> bool:
    """Whether a user may change and launch a study, and see its people."""
    role = role_of(user)
    if role == Role.RESEARCHER:
        return study.owner_id == user.pk or study.editors.filter(pk=user.pk).exists()
    return role == Role.ADMINISTRATOR


def may_forget(user: User, participant: Participant) -> bool:
    """Whether a browser may be freed of a session that ended, to start again as another person.

    In a laboratory any visitor may do it. Elsewhere a researcher who tried the pilot may. It is not
    needed where the platform's link names the person: another id has the same effect.
    """
    channel = CHANNELS[participant.study.plan.recruitment.channel]
    if participant.is_active or channel.needs_person:
        return False
    is_pilot = participant.stage == Participant.Stage.PILOT
    return channel.is_shared or (is_pilot and may_edit(user, participant.study))


def studies_of(user: User) -> QuerySet[Study]:
    """Return the studies that a user may change: own and shared, or all for administrators."""
    if is_administrator(user):
        return Study.objects.all()
    if not is_researcher(user):
        return Study.objects.none()
    return Study.objects.filter(Q(owner=user.pk) | Q(editors=user.pk)).distinct()


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
StudyView = Callable[Concatenate[HttpRequest, Study, P], HttpResponseBase]


def refused(request: HttpRequest, expected: str) -> HttpResponse:
    """Say what a user may not do, and who can change that."""
    context = {"role": role_of(request.user), "expected": expected}
    return render(request, "studio/refused.html", context, status=403)


def researcher_only(view: View[P]) -> View[P]:
    """Admit researchers and administrators; redirect visitors without a login to the login page."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not is_researcher(request.user):
            return refused(request, "a researcher")
        return view(request, *args, **kwargs)

    return staff_only(guarded)


def editor_only(view: StudyView[P]) -> Callable[..., HttpResponseBase]:
    """Give the view the study of the address, for those who may change it."""

    def guarded(request: HttpRequest, /, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        related = ("dataset", "owner", "previous")
        study = get_object_or_404(Study.objects.select_related(*related), slug=slug)
        if not may_edit(request.user, study):
            return refused(request, f"the owner of {study}, or somebody it is shared with")
        return view(request, study, *args, **kwargs)

    return staff_only(guarded)


def staff_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Admit every staff account, redirect others to the login, and forbid caching."""
    return never_cache(staff_member_required(view, login_url="login"))
