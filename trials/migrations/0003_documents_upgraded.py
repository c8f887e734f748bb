"""Give the first release's flat documents the published form; their people stay as they are."""

from django.db import migrations, models

from trials.study.document import sha256_of
from trials.study.plan import StudyPlan

KEPT = ("title", "seed", "persona", "topic", "minutes", "contact", "idle_minutes")


def upgraded(flat):
    """Return a flat document (the first release's) in format 1."""
    document = {name: flat[name] for name in KEPT if name in flat}
    document["conditions"] = flat["conditions"]
    document["trial"] = {"n_exemplars": flat["n_exemplars"]}
    document["stages"] = [
        {"kind": "page", "name": "introduction"},
        {"kind": "page", "name": "instructions"},
        {"kind": "training", "n": flat["n_training"]},
        {"kind": "validation", "n": flat["n_validation"], "pass_mark": flat["pass_mark"]},
        {"kind": "test", "n": flat["n_test"], "n_sets": flat["n_sets"]},
        {"kind": "page", "name": "debrief"},
    ]
    return StudyPlan.from_json(document).document


def upgrade(apps, schema_editor):
    for study in apps.get_model("trials", "Study").objects.all():
        if "format" not in study.document:
            study.document = upgraded(study.document)
            study.document_sha256 = sha256_of(study.document)
        # The first release drew the sets when the study was made: people saw what is there.
        study.frozen_sha256 = study.frozen_sha256 or study.document_sha256
        study.frozen_at = study.frozen_at or study.created_at
        study.save()
        for condition in study.conditions.all():
            condition.persona = study.document["persona"]
            condition.save()


class Migration(migrations.Migration):

    dependencies = [
        ('trials', '0002_study_documents'),
    ]

    operations = [
        migrations.RunPython(upgrade, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('frozen_at__isnull', True), ('frozen_sha256', ''), ('status', 'draft')), models.Q(models.Q(('frozen_sha256', ''), _negated=True), ('frozen_at__isnull', False)), _connector='OR'), name='study_is_frozen_before_people_see_it'),
        ),
    ]
