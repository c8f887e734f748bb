"""Settings of operation that the environment gives: timeouts, logs, mail. Needs no Django app."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from study_site.environment import env_choice, env_count

LOG_FORMATS = ("line", "json")
# The logger of ``trials.services.notices``, and the logger of errors in sending.
NOTICES, OF_NOTICES = "trials.notices", "study_site.operations.notices"


def postgres_options(known: dict[str, Any]) -> dict[str, Any]:
    """Return the connection options of PostgreSQL with the timeouts of the environment.

    ``DATABASE_CONNECT_TIMEOUT_S`` bounds the wait for a connection (10 s), and
    ``DATABASE_STATEMENT_TIMEOUT_S`` each statement (0: no bound). ``known`` are the options of
    ``DATABASE_URL``; they are not changed.
    """
    found = {"connect_timeout": env_count("DATABASE_CONNECT_TIMEOUT_S", 10)} | known
    if seconds := env_count("DATABASE_STATEMENT_TIMEOUT_S", 0):
        said = f"{known.get('options', '')} -c statement_timeout={1000 * seconds}"
        found["options"] = said.strip()
    return found


def metrics_dir(data_dir: Path) -> Path:
    """Return the folder of the request counts, made if need be, and name it to the library.

    ``METRICS_DIR``, or one in ``/dev/shm`` for this data folder.
    """
    name = f"study-metrics-{hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]}"
    shared = Path("/dev/shm")  # noqa: S108 - private to this user by its mode
    default = shared / name if shared.is_dir() else data_dir / "metrics"
    folder = Path(os.environ.get("METRICS_DIR") or default)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    return folder


def logging_options(*, has_notices: bool) -> dict[str, Any]:
    """Return the logging configuration: ``LOG_FORMAT`` is ``line`` or ``json``, a line an event."""
    handlers: dict[str, Any] = {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env_choice("LOG_FORMAT", LOG_FORMATS),
        },
    }
    loggers: dict[str, Any] = {}
    if has_notices:
        notices = {"class": "study_site.operations.notices.NoticeHandler"}
        handlers["errors"] = notices | {"level": "ERROR"}
        handlers["notices"] = notices
        loggers[NOTICES] = {"handlers": ["notices"], "level": "WARNING"}
        loggers[OF_NOTICES] = {"handlers": ["console"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
            "json": {"()": "study_site.operations.formatters.JsonFormatter"},
        },
        "handlers": handlers,
        "loggers": loggers,
        "root": {
            "handlers": [name for name in handlers if name != "notices"],
            "level": os.environ.get("LOG_LEVEL", "INFO"),
        },
    }
