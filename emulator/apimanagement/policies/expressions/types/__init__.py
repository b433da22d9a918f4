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
    arrays,
    characters,
    comparison,
    crypto,
    dictionaries,
    encodings,
    enumerations,
    linq,
    linq_json,
    lists,
    numbers,
    ordering,
    regular_expressions,
    request,
    sets,
    string_builder,
    strings,
    times,
    uris,
)

# Imported for what they declare.
DECLARED = (
    arrays,
    characters,
    comparison,
    crypto,
    dictionaries,
    encodings,
    enumerations,
    linq,
    linq_json,
    lists,
    numbers,
    ordering,
    regular_expressions,
    request,
    sets,
    string_builder,
    strings,
    times,
    uris,
)

__all__ = ["DECLARED", "TYPES", "UNKNOWN", "Member", "TypeInfo", "canonical", "lineage", "member_of"]
