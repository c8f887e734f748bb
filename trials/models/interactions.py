"""What a person made of the AI's answer in an interactive trial: the chosen parts of the photo."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, Value, When

from classifiers.models import Category
from trials.models.answers import Trial

# Whether the label for the selected parts is right, of rows that reach a trial by ``trial__``.
SHOWN_IS_RIGHT = Case(
    When(trial__interaction__isnull=True, then=Value(None)),
    When(trial__interaction__category=F("trial__prediction__image__category"), then=Value(True)),
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
        default=0, help_text="How often another mask was ranked."
    )
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    n_votes = models.PositiveIntegerField()
    n_voters = models.PositiveIntegerField()
    changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.trial}: {self.mask.count('1')} parts"
