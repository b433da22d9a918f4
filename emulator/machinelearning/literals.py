"""Checks values of literal inputs. All travel as text; the declared type says which text is right."""

from __future__ import annotations

import re
from typing import Any

LITERAL_TYPES = frozenset({"string", "number", "integer", "boolean"})
FILE_TYPES = frozenset({"uri_file", "mltable_file"})
FOLDER_TYPES = frozenset({"uri_folder", "custom_model", "mlflow_model", "mltable"})
DATA_TYPES = frozenset({"uri_file"}) | FOLDER_TYPES
INTEGER = re.compile(r"[+-]?\d+")
DEFAULT_TYPE = "uri_folder"


def as_text(value: Any) -> str:
    """A JSON value as a command sees it."""
    if isinstance(value, bool):
        return str(value)
    return "" if value is None else str(value)


def complaint(declaration: dict[str, Any], text: str) -> str | None:
    """The reason why ``text`` is no value of the declared input; None when it is one."""
    kind = str(declaration.get("type") or "string").lower()
    number: float | None = None
    if kind == "integer":
        if not INTEGER.fullmatch(text):
            return f"{text!r} is no integer"
        number = float(text)
    elif kind == "number":
        try:
            number = float(text)
        except ValueError:
            return f"{text!r} is no number"
    elif kind == "boolean" and text.lower() not in ("true", "false"):
        return f"{text!r} is no boolean (true or false)"
    if number is not None:
        least, most = declaration.get("min"), declaration.get("max")
        if least is not None and number < float(least):
            return f"{text} is less than the declared minimum {least}"
        if most is not None and number > float(most):
            return f"{text} is more than the declared maximum {most}"
    choices = declaration.get("enum")
    if choices and text not in [as_text(choice) for choice in choices]:
        return f"{text!r} is none of {', '.join(as_text(choice) for choice in choices)}"
    return None
