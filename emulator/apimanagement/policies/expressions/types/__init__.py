"""The types that expressions may use: one table for the check at deployment and for the evaluation."""

from emulator.apimanagement.policies.expressions.declare import (
    TYPES,
    UNKNOWN,
    Member,
    TypeInfo,
    canonical,
    lineage,
    member_of,
)
from emulator.apimanagement.policies.expressions.types import (
    crypto,
    linq_json,
    numbers,
    request,
    sequences,
    text,
    times,
)

# Imported for what they declare.
DECLARED = (crypto, linq_json, numbers, request, sequences, text, times)

__all__ = ["DECLARED", "TYPES", "UNKNOWN", "Member", "TypeInfo", "canonical", "lineage", "member_of"]
