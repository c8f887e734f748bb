from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):

    dependencies = [
        ('classifiers', '0007_job_phases'),
    ]

    operations = [
        migrations.AddField(
            model_name='predictionrun',
            name='dataset',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='classifiers.dataset'),
        ),
        migrations.AddField(
            model_name='predictionrun',
            name='name',
            field=models.CharField(default='', help_text='What commands and study documents call these predictions.', max_length=100),
            preserve_default=False,
        ),
    ]
