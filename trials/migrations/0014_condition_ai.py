"""Name the AI of each condition and trial set; in earlier studies it is the classifier."""

from django.db import migrations, models


def name_all(apps, schema_editor):
    for name in ("Condition", "TrialSet"):
        model = apps.get_model("trials", name)
        found = model.objects.order_by().values_list("run", "run__classifier").distinct()
        for run, classifier in list(found):
            model.objects.filter(run=run).update(ai=classifier)


class Migration(migrations.Migration):

    dependencies = [
        ('trials', '0013_opacity_events'),
        ('classifiers', '0010_run_name_once'),
    ]

    operations = [
        migrations.AddField(
            model_name='condition',
            name='ai',
            field=models.CharField(default='', help_text='The classifier, or the name of the run.', max_length=150),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='condition',
            name='defer_below',
            field=models.FloatField(blank=True, help_text='People judge where the AI is less sure; empty: all.', null=True),
        ),
        migrations.AddField(
            model_name='trialset',
            name='ai',
            field=models.CharField(default='', help_text='As in the conditions that judge it.', max_length=150),
            preserve_default=False,
        ),
        migrations.RunPython(name_all, migrations.RunPython.noop),
        migrations.AlterModelOptions(
            name='trialset',
            options={'ordering': ['study', 'ai', 'phase', 'number']},
        ),
        migrations.RemoveConstraint(
            model_name='trialset',
            name='trial_set_once',
        ),
        migrations.AddConstraint(
            model_name='trialset',
            constraint=models.UniqueConstraint(fields=('study', 'ai', 'phase', 'number'), name='trial_set_once'),
        ),
    ]
