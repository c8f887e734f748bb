"""Give each trial its own condition; so far it is the participant's."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def take_over(apps, schema_editor):
    """Copy each participant's condition to the trials, in one statement."""
    participants = apps.get_model("trials", "Participant").objects
    own = participants.filter(pk=OuterRef("participant_id")).values("condition_id")[:1]
    apps.get_model("trials", "Trial").objects.update(condition_id=Subquery(own))


def field(**options):
    """Return the field, with what is only true before or after the copy."""
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='trials',
        to='trials.condition', **options,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('trials', '0009_place_counts'),
    ]

    operations = [
        migrations.AddField('trial', 'condition', field(null=True)),
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.AlterField('trial', 'condition', field()),
        migrations.RemoveConstraint('trial', 'trial_prediction_once'),
        migrations.AddConstraint(
            model_name='trial',
            constraint=models.UniqueConstraint(fields=('participant', 'condition', 'prediction'), name='trial_prediction_once'),
        ),
    ]
