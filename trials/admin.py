"""Look at studies and people. What a person answered cannot be edited."""

from __future__ import annotations

from django.contrib import admin

from classifiers.admin import ReadOnly
from trials.models import Condition, Participant, Study


class ConditionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Condition
    extra = 0
    can_delete = False
    max_num = 0
    readonly_fields = ["name", "position", "run", "view_name"]


@admin.register(Study)
class StudyAdmin(ReadOnly):
    """A read-only view: studies are made, changed and opened on the staff's own pages."""

    list_display = ["slug", "status", "dataset", "created_at"]
    inlines = [ConditionInline]


@admin.register(Participant)
class ParticipantAdmin(ReadOnly):
    list_display = ["number", "study", "condition", "status", "step", "is_simulated", "code"]
    list_filter = ["study", "status", "is_simulated", "condition"]
    list_select_related = ["study", "condition"]
