"""System checks of an installation when it starts.

``manage.py check`` and every other command run the quick ones (tag ``startup``), and
``study_site.wsgi`` refuses to serve while one of them is an error. ``check --deploy`` also asks the
database for its migrations, and checks that the broker answers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register, run_checks
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from classifiers.services.job_queue import BROKER_ERRORS

STARTUP: Final = "startup"
BROKER: Final = "broker"
DATABASE: Final = "migrations"
LEAST_LENGTH, LEAST_DISTINCT = 32, 10
BROKER_TIMEOUT_S = 2
_NEW_KEY = "python -c 'import secrets; print(secrets.token_urlsafe(40))'"
Apps = Sequence[AppConfig] | None


@register(STARTUP)
def secret_key_check(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Refuse a key that can be guessed: it signs sessions, links and blinding letters."""
    key = settings.SECRET_KEY
    if settings.DEBUG or (len(key) >= LEAST_LENGTH and len(set(key)) >= LEAST_DISTINCT):
        return []
    return [
        Error(
            f"SECRET_KEY has {len(key)} characters, {len(set(key))} of them different.",
            hint=f"Expected at least {LEAST_LENGTH} characters, at least {LEAST_DISTINCT} of them "
            f"different. Make one with: {_NEW_KEY}",
            id="study_site.E001",
        )
    ]


@register(STARTUP)
def hosts_check(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Refuse to answer under any host name: links would carry the name that a stranger sends."""
    if settings.DEBUG or "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            f"ALLOWED_HOSTS is {','.join(settings.ALLOWED_HOSTS)!r}, which admits every host name.",
            hint="Expected the names under which people reach the site. Set for example "
            "ALLOWED_HOSTS=study.example.org",
            id="study_site.E002",
        )
    ]


@register(STARTUP)
def data_dir_check(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Refuse a data folder that this process cannot write to."""
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR) as file:
            file.write(b"x")
    except OSError as error:
        return [
            Error(
                f"No file can be written to DATA_DIR {settings.DATA_DIR}: {error.strerror}.",
                hint="Expected a folder with free space that the site's user may write to. Change "
                "its owner (chown), make room, or set DATA_DIR to another folder.",
                id="study_site.E003",
            )
        ]
    return []


# No check of the database's own tag: those run before ``migrate`` too, and would stop it.
@register(DATABASE, deploy=True)
def migrations_check(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Report migrations that were not applied, or a database that cannot be asked."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return [
            Error(
                f"The database cannot be asked: {str(error).strip()}",
                hint="Expected a database that runs and lets this site in. See DATABASE_URL.",
                id="study_site.E005",
            )
        ]
    if not plan:
        return []
    names = ", ".join(f"{each.app_label}.{each.name}" for each, _ in plan[:3])
    return [
        Error(
            f"{len(plan)} migrations are not applied to the database, first {names}.",
            hint="Expected all of them to be applied. Run: python manage.py migrate",
            id="study_site.E004",
        )
    ]


@register(BROKER, deploy=True)
def broker_check(app_configs: Apps, **_: Any) -> list[CheckMessage]:
    """Warn of a broker that does not answer; the site runs, and work waits in the job tables."""
    from study_site.celery import app

    options = dict(getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {}))
    if settings.CELERY_BROKER_URL.startswith("redis"):
        options |= dict.fromkeys(("socket_connect_timeout", "socket_timeout"), BROKER_TIMEOUT_S)
    broker = app.connection_for_write(
        settings.CELERY_BROKER_URL, connect_timeout=BROKER_TIMEOUT_S, transport_options=options
    )
    away: tuple[type[BaseException], ...] = (
        *BROKER_ERRORS, *broker.connection_errors, *broker.channel_errors
    )  # fmt: skip
    try:
        with broker:
            broker.ensure_connection(max_retries=1, interval_start=0)
            broker.default_channel  # noqa: B018 - Redis is asked only here
    except away as error:
        return [
            CheckWarning(
                f"The broker {broker.as_uri()} does not answer: {error}",
                hint="Expected a running Redis or RabbitMQ. Start it, or correct "
                "CELERY_BROKER_URL. Until then, all requested work waits.",
                id="study_site.W001",
            )
        ]
    return []


def unsafe_refuse() -> None:
    """Raise ``ImproperlyConfigured`` if a startup check finds an error."""
    errors = [run_check for run_check in run_checks(tags=[STARTUP]) if run_check.is_serious()]
    if errors:
        raise ImproperlyConfigured("\n".join(f"({e.id}) {e.msg} {e.hint}" for e in errors))
