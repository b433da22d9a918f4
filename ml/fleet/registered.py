"""A fleet in the model registry: one model whose versions are fleets, found again by their digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from ml.steps.registry import ARTIFACT_TAG, EVALUATION_PROPERTY, RegisteredModel
from scoring.fleet.stored import Fleet

CARDS: Final = "cards"  # beside the models: no part of what serves
KIND: Final = "fleet"  # value of the tag `kind`, by which fleets are told from single models
LINEAGE_PROPERTY: Final = "lineage."
FAILED: Final = "failed"  # tag: how many trainings failed; property: of which members
MOST_CHARACTERS: Final = 1000  # of a property
_POOLED: Final = "_pooled"  # no key begins so


def card_of(directory: Path, key: str | None) -> Path:
    """Where a fleet's directory has the card of a member, or of the pooled model: None.

    A slash is no part of a file's name, and no key has a comma. A dot in a key ends no name.
    """
    name = _POOLED if key is None else key.replace("/", ",")
    return directory / CARDS / f"{name}.json"


class Registry(Protocol):
    """What is needed of a model registry: a part of `ml.steps.registry.Registry`."""

    def versions(self, name: str) -> list[RegisteredModel]: ...

    def register(
        self,
        name: str,
        directory: Path,
        description: str,
        tags: Mapping[str, str],
        properties: Mapping[str, str],
    ) -> RegisteredModel: ...


def tags(fleet: Fleet) -> dict[str, str]:
    """What people filter and search by."""
    fallbacks = sum(one.falls_back for one in fleet.members.values())
    found = {
        ARTIFACT_TAG: fleet.digest,
        "kind": KIND,
        "members": str(len(fleet.members)),
        "fall_back": str(fallbacks),
        FAILED: str(len(fleet.failed)),
        "split": ",".join(fleet.split),
    }
    for name in ("owner", "base", "changed"):
        if value := fleet.lineage.get(name):
            found[name] = value[:250]
    return found


def registered(
    registry: Registry, fleet: Fleet, directory: Path, metrics: Mapping[str, Any]
) -> RegisteredModel:
    """The version of this fleet; a new one, unless this very fleet is a version already.

    One whose members fall back for another reason answers alike, and is another version where other trainings
    failed: its tags say so.
    metrics: of the pooled model, on the test rows of all.
    """
    failed = ", ".join(fleet.failed)[:MOST_CHARACTERS]
    for one in registry.versions(fleet.name):
        if one.tags.get(ARTIFACT_TAG) == fleet.digest and one.properties.get(FAILED, "") == failed:
            return one
    properties = {
        "schema_sha256": fleet.contract.digest,
        EVALUATION_PROPERTY: json.dumps(dict(metrics), sort_keys=True),
        **{f"{LINEAGE_PROPERTY}{name}": value[:MOST_CHARACTERS] for name, value in fleet.lineage.items()},
    }
    if failed:
        properties[FAILED] = failed
    own = len(fleet.models) - 1
    description = f"A fleet of {len(fleet.members)} members by {', '.join(fleet.split)}, {own} own models"
    return registry.register(fleet.name, directory, description, tags(fleet), properties)
