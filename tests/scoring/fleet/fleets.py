"""A fleet made of one trained model: each member has other leaves, and so a digest of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.fleet.many import varied, write
from scoring.fleet.stored import Fleet, Member, Unknown
from scoring.model.artifact import Artifact
from scoring.model.schema import Matrix

__all__ = ["fleet_of", "varied"]


def fleet_of(
    directory: Path,
    artifact: Artifact,
    rows: Matrix,
    own: Sequence[str],
    fallbacks: Sequence[str] = (),
    unknown: Unknown = "refuse",
) -> Fleet:
    """Write a fleet whose pooled model is the artifact. own: members with a model of their own."""
    made = write(directory, artifact, rows, own)
    small = {
        key: Member(artifact.digest, reason="too few rows: 12, and 300 are needed", rows=12)
        for key in fallbacks
    }
    fleet = replace(made, name="by-age", split=("age",), unknown=unknown, members={**made.members, **small})
    fleet.save(directory)
    return fleet
