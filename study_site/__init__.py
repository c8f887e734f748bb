"""The site: settings, URLs, Celery and the demo. It imports all packages; none imports it."""

import os

# The fits solve thousands of small systems. Two threads of NumPy's linear algebra wait for each
# other there: on a busy machine the same tables took 80 times the processor time of one thread.
# NumPy reads it when it is loaded, so it is before every other import; torch has its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from study_site.celery import app as celery_app

__all__ = ["celery_app"]
