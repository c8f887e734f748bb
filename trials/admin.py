"""Look at studies and people. What a person answered cannot be edited."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from classifiers.admin import ReadOnly
from trials.models import Condition, Participant, Study


class ConditionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Condition
    extra = 0
    can_delete = False
    max_num = 0
    readonly_fields = ["name", "position", "run", "view_name"]


@admin.register(Study)
class StudyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Only the status may be changed: the document is what people agreed to."""

    list_display = ["slug", "status", "dataset", "created_at"]
    readonly_fields = ["slug", "dataset", "document", "document_sha256", "created_at"]
    inlines = [ConditionInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Participant)
class ParticipantAdmin(ReadOnly):
    list_display = ["number", "study", "condition", "status", "step", "is_simulated", "code"]
    list_filter = ["study", "status", "is_simulated", "condition"]
    list_select_related = ["study", "condition"]
