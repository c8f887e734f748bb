"""The Celery application. Workers import torch; web processes only send task names."""

import os

from celery import Celery

from study_site import sweeper

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "study_site.settings")

app = Celery("study_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
sweeper.connect()
