"""Datasets of the first release go on to be read as it did; new ones are read by their profiles."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("classifiers", "0004_mark_imported_runs")]

    operations = [
        migrations.AddField(
            model_name="dataset",
            name="grey_white",
            field=models.PositiveIntegerField(
                default=65535, help_text="Value of 16-bit grey photos that becomes white."
            ),
        ),
        # What is there gets True; the next step lets new rows begin with False.
        migrations.AddField(
            model_name="dataset",
            name="is_read_plain",
            field=models.BooleanField(
                default=True,
                editable=False,
                help_text="Whether colour profiles are ignored, as the first release did.",
            ),
        ),
        migrations.AlterField(
            model_name="dataset",
            name="is_read_plain",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Whether colour profiles are ignored, as the first release did.",
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="pixels_sha256",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Fingerprint of what the file shows, whatever its format; empty: not "
                "computed.",
                max_length=64,
            ),
        ),
        migrations.AddConstraint(
            model_name="dataset",
            constraint=models.CheckConstraint(
                condition=models.Q(("grey_white__gte", 255), ("grey_white__lte", 65535)),
                name="grey_white_in_range",
            ),
        ),
    ]
