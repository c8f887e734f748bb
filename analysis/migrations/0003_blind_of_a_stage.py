"""A lift counts for one stage: for the pilot or for the study itself.

Until now one lift showed both. Where the study runs or is over, both were seen, so both stay lifted;
where the pilot still runs, nobody can have seen more than the pilot.
"""

import django.db.models.deletion
from django.db import migrations, models


def stages_of_older_lifts(apps, schema_editor):
    BlindLift = apps.get_model('analysis', 'BlindLift')
    for lift in BlindLift.objects.select_related('study'):
        if lift.study.status == 'pilot':
            BlindLift.objects.filter(pk=lift.pk).update(stage='pilot')
        else:
            BlindLift.objects.create(
                study_id=lift.study_id, user_id=lift.user_id, at=lift.at, stage='pilot'
            )


class Migration(migrations.Migration):

    dependencies = [
        ('analysis', '0002_export'),
        ('trials', '0006_page_errors'),
    ]

    operations = [
        migrations.AlterField(
            model_name='blindlift',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='blind_lifts', to='trials.study'),
        ),
        migrations.AddField(
            model_name='blindlift',
            name='stage',
            field=models.CharField(choices=[('pilot', 'Pilot'), ('live', 'Live')], default='live', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='blindlift',
            constraint=models.UniqueConstraint(fields=('study', 'stage'), name='blind_lift_once_a_stage'),
        ),
        # After the schema: PostgreSQL alters no table that has rows waiting for their checks.
        migrations.RunPython(stages_of_older_lifts, migrations.RunPython.noop),
    ]
