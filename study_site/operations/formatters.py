"""How log lines are written. Loaded with the settings, so it imports no Django app."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

# What a line says about a request (``request_log``).
FIELDS: Final = ("view", "method", "status", "ms", "study", "person", "staff")


class JsonFormatter(logging.Formatter):
    """Writes an event as one JSON object: time, level, logger, message, and a request's facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: record.__dict__[name] for name in FIELDS if name in record.__dict__}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
