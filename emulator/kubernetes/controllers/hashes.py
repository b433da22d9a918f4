"""The name of a pod template's content, as it stands in the names of ReplicaSets and pods."""

from __future__ import annotations

import json
from typing import Any, Final

ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
OFFSET, PRIME = 2166136261, 16777619


def fnv32a(data: bytes) -> int:
    """The 32-bit hash FNV-1a."""
    found = OFFSET
    for byte in data:
        found = (found ^ byte) * PRIME & 0xFFFFFFFF
    return found


def template_hash(template: dict[str, Any], collisions: int = 0) -> str:
    """Of a pod template, as `pod-template-hash`. The same content has the same one, here: Kubernetes hashes
    the memory of its own program, whose value nothing else can have."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    number = fnv32a(f"{text}{collisions or ''}".encode())
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in str(number))
