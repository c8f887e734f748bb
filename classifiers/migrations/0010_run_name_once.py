from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):

    dependencies = [
        ('classifiers', '0009_runs_named'),
    ]

    operations = [
        migrations.AlterField(
            model_name='predictionrun',
            name='dataset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='classifiers.dataset'),
        ),
        migrations.AddConstraint(
            model_name='predictionrun',
            constraint=models.UniqueConstraint(fields=('dataset', 'name', 'imported_for'), name='run_name_once'),
        ),
    ]
