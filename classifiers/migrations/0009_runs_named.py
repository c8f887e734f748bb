"""Name the runs of earlier releases, as a run that nobody names is named today."""

from django.db import migrations

from classifiers.run_names import run_name


def name_all(apps, schema_editor):
    taken = {}
    runs = apps.get_model("classifiers", "PredictionRun").objects.select_related("gallery")
    for run in runs.order_by("pk"):
        names = taken.setdefault((run.gallery.dataset_id, run.imported_for), set())
        run.dataset_id = run.gallery.dataset_id
        run.name = run_name(
            run.classifier,
            run.parameters,
            backbone=run.gallery.backbone,
            split=run.split,
            taken=names,
        )
        names.add(run.name)
        run.save(update_fields=["dataset", "name"])


class Migration(migrations.Migration):
    dependencies = [("classifiers", "0008_run_names")]
    operations = [migrations.RunPython(name_all, migrations.RunPython.noop)]
