"""Give each answer its occasion, its choice, confidence and reason; so far all are final."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('classifiers', '0007_job_phases'),
        ('trials', '0010_trial_condition'),
    ]

    operations = [
        migrations.AddField(
            model_name='response',
            name='choice',
            field=models.ForeignKey(blank=True, help_text='The class.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='classifiers.category'),
        ),
        migrations.AddField(
            model_name='response',
            name='confidence',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='response',
            name='is_missed',
            field=models.BooleanField(default=False, help_text="The trial's time was over."),
        ),
        migrations.AddField(
            model_name='response',
            name='occasion',
            field=models.CharField(choices=[('first', 'First'), ('final', 'Final')], default='final', max_length=10),
        ),
        migrations.AddField(
            model_name='response',
            name='reason',
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name='response',
            name='given_by',
            field=models.CharField(blank=True, choices=[('key', 'Key'), ('pointer', 'Pointer'), ('time', 'Time'), ('', 'Unknown')], default='', max_length=10),
        ),
        migrations.AlterField(
            model_name='response',
            name='is_accepted',
            field=models.BooleanField(blank=True, help_text="Answered Yes: the AI's label is right.", null=True),
        ),
        migrations.AlterField(
            model_name='response',
            name='trial',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='responses', to='trials.trial'),
        ),
        migrations.AddConstraint(
            model_name='response',
            constraint=models.UniqueConstraint(fields=('trial', 'occasion'), name='answer_once'),
        ),
        migrations.AddConstraint(
            model_name='response',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('choice__isnull', True), ('is_accepted__isnull', True), ('is_missed', True)), models.Q(('choice__isnull', True), ('is_accepted__isnull', False), ('is_missed', False)), models.Q(('choice__isnull', False), ('is_accepted__isnull', True), ('is_missed', False)), _connector='OR'), name='answer_is_yes_no_or_a_choice'),
        ),
    ]
