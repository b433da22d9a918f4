"""Which inputs are secrets: those that Pulumi marks, and those that stand there as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"  # Pulumi's signature key of a value that is not plain
MARKED: Final = "[secret]"
PLAIN: Final = "[a secret in plain text, left out]"

# Ends of property names that hold a secret, in lower case, without "_" and "-".
NAMES: Final = (
    "password",
    "passwd",
    "accesskey",
    "accountkey",
    "adminkey",
    "apikey",
    "primarykey",
    "secondarykey",
    "sharedkey",
    "storagekey",
    "subscriptionkey",
    "workspacekey",
    "clientsecret",
    "sharedsecret",
    "secretvalue",
    "securevalue",
    "connectionstring",
    "instrumentationkey",
    "sastoken",
    "accesstoken",
    "privatekey",
    "pfxblob",
)
EXACT: Final = ("secret", "sas", "token", "credential")
VALUES: Final = re.compile(
    r"AccountKey=|SharedAccessKey=|SharedAccessSignature=|[?&]sig=|InstrumentationKey="
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]+:[^/\s:@]+@"
)


def is_marked(value: Any) -> bool:
    """Whether it is Pulumi's envelope of a secret, or what a canonical file has instead."""
    return value == MARKED or (isinstance(value, dict) and SIGNATURE in value)


def plain_secrets(inputs: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The path of each secret that is not marked as one."""
    named = str(inputs.get("name", "")) if "value" in inputs else ""
    yield from _walk(inputs, (), named)


def _walk(value: Any, path: tuple[str, ...], named: str) -> Iterator[tuple[str, ...]]:
    if is_marked(value):
        return
    if isinstance(value, dict):
        # Environment variables and the like: {"name": "API_KEY", "value": …}.
        inner = str(value.get("name", "")) if "value" in value else ""
        for key in sorted(value):
            yield from _walk(value[key], (*path, key), inner)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _walk(item, (*path, str(place)), "")
    elif isinstance(value, str) and value and path:
        key = named if path[-1] == "value" and named else path[-1]
        word = re.sub(r"[^a-z]", "", key.lower())
        if value == PLAIN or word in EXACT or word.endswith(NAMES) or VALUES.search(value):
            yield path
