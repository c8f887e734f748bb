"""What a part of the schema allows, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def expectation(part: Mapping[str, Any]) -> str:
    """Say in words what a part of the schema allows."""
    if "const" in part:
        return repr(part["const"])
    if "enum" in part:
        return f"one of {', '.join(str(item) for item in part['enum'] if item != '')}"
    kind = part.get("type")
    if kind in {"integer", "number"}:
        number = "a whole number" if kind == "integer" else "a number"
        return f"{number} from {part['minimum']} to {part['maximum']}"
    if kind == "array":
        least = part.get("minItems", 0)
        return f"a list of at least {least}" if least else "a list"
    if kind == "boolean":
        return "true or false"
    if kind == "object":
        return f"a table of fields: {', '.join(part.get('properties', {})) or 'name: value'}"
    return str(part.get("description", "a text")).rstrip(".")
