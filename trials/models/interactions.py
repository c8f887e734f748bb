"""What a person made of the AI's answer in an interactive trial: the chosen parts of the photo."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, Value, When

from classifiers.models import Category, is_accepted_label
from trials.models.answers import Trial


def shown_is_right() -> Case:
    """Return whether the label for the selected parts is accepted; None without such a label.

    It is an expression for rows that reach a trial by ``trial__``.
    """
    shown, image = "trial__interaction__category", "trial__prediction__image"
    return Case(
        When(trial__interaction__isnull=True, then=Value(None)),
        When(is_accepted_label(label=shown, image=image), then=Value(True)),
        default=Value(False),
        output_field=models.BooleanField(null=True),
    )


class Interaction(models.Model):
    """The parts of one trial's photo that a person has chosen last, and the AI's label for them.

    ``mask`` has 49 digits, row by row; without a selected cell the label is the AI's own. After the
    answer the row holds what was on the screen at that moment.
    """

    trial = models.OneToOneField(Trial, models.CASCADE, related_name="interaction")
    mask = models.CharField(max_length=49)
    n_changes = models.PositiveIntegerField(
        default=0, help_text="How often the person asked for an answer with another mask."
    )
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    n_votes = models.PositiveIntegerField()
    n_voters = models.PositiveIntegerField()
    changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.trial}: {self.mask.count('1')} parts"
