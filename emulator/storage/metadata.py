"""What becomes a header of answers: metadata of blobs and containers, and content properties."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from emulator.storage.errors import failure

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
VISIBLE = re.compile(r"[\x20-\x7e\t]*")  # ASCII without control characters, as a header's value may be
MOST = 8192  # characters of all names and values together


def checked(given: Mapping[str, str]) -> dict[str, str]:
    """Metadata that can be kept; 400 EmptyMetadataKey, InvalidMetadata or MetadataTooLarge for any other."""
    if "" in given:
        raise failure("EmptyMetadataKey")
    if wrong := [name for name in given if not IDENTIFIER.fullmatch(name)]:
        raise failure(
            "InvalidMetadata", f"These names are no C# identifiers: {', '.join(map(ascii, wrong))}."
        )
    if wrong := [name for name, value in given.items() if not VISIBLE.fullmatch(value)]:
        raise failure("InvalidMetadata", f"Not ASCII: the values of {', '.join(wrong)}.")
    if (size := sum(len(name) + len(value) for name, value in given.items())) > MOST:
        raise failure("MetadataTooLarge", f"It has {size} characters; {MOST} are allowed.")
    return dict(given)


def checked_json(given: Any) -> dict[str, str]:
    """As ``checked``, for what stands in a body: an object of texts."""
    items = cast(dict[str, Any], given) if isinstance(given, dict) else {"": given}
    if not all(isinstance(value, str) for value in items.values()) or not isinstance(given, dict):
        raise failure("InvalidMetadata", "It must be an object whose values are texts.")
    return checked(items)


def checked_headers(given: Mapping[str, str]) -> dict[str, str]:
    """Content properties that can be kept; 400 InvalidHeaderValue."""
    if wrong := [name for name, value in given.items() if not VISIBLE.fullmatch(value)]:
        raise failure("InvalidHeaderValue", f"Not ASCII: {', '.join(wrong)}.")
    return dict(given)
