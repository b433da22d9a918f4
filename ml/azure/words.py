"""What Azure's SDKs tell as a word, or as a member of an enumeration whose text is its name."""

from __future__ import annotations

from typing import Any


def word(value: Any) -> str:
    """The word itself: `str` of a member would be JobStatus.COMPLETED, and equal to no word."""
    return str(getattr(value, "value", value))
