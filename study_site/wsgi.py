"""The application that gunicorn serves: ``gunicorn study_site.wsgi``.

A server is in production unless DEBUG says otherwise, and does not start while a startup check
(``study_site.checks``) finds an error.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from study_site.charset import charset_known

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "study_site.settings")
if not settings.configured:  # `manage.py runserver` read them before, for development
    os.environ.setdefault("DEBUG", "false")

application = charset_known(get_wsgi_application())

from study_site.checks import unsafe_refuse  # noqa: E402 - needs the apps

unsafe_refuse()
