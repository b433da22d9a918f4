"""A person's reason to register a model that is not better, and how it reaches the step compare."""

from __future__ import annotations

from urllib.parse import quote, unquote

TAG = "override"  # on the model version that was registered by an override
LONGEST = 200  # characters, to fit into a table; a tag's value may have 1,000


def reason_of(text: str) -> str:
    """The reason in one line. Raises ValueError when it is empty, too long, or not printable."""
    reason = " ".join(text.split())
    if not reason:
        raise ValueError("it is empty")
    if len(reason) > LONGEST:
        raise ValueError(f"it has {len(reason)} characters, at most {LONGEST} are kept")
    if not reason.isprintable():
        raise ValueError("it has characters that cannot be printed")
    return reason


def encoded(reason: str) -> str:
    """Percent-encoded, down to letters, digits, `_`, `.` and `%`: the step's command is read by a shell, and
    its argument must not look like an option."""
    return quote(reason, safe="").replace("-", "%2D").replace("~", "%7E")


def decoded(text: str) -> str:
    """The reason that `encoded` was given."""
    return unquote(text)
