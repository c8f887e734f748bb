"""Mark the predictions that earlier study files brought: done, though no worker ever had them."""

from django.db import migrations

# No slug has blanks, so no study is meant.
EARLIER = "an earlier study file"


def mark(apps, schema_editor):
    runs = apps.get_model("classifiers", "PredictionRun").objects
    runs.filter(status="done", heartbeat_at=None, claim="").update(imported_for=EARLIER)


class Migration(migrations.Migration):
    dependencies = [("classifiers", "0003_imported_runs")]
    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
