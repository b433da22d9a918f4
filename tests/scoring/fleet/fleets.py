"""A fleet made of one trained model: each member has other leaves, and so a digest of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml.steps.train import samples
from scoring.fleet.stored import Fleet, Member, Unknown, model_dir
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite


def varied(artifact: Artifact, factor: float, rows: Any) -> Artifact:
    """The model with the leaves of its margin times a factor; what it states of itself is made anew.

    rows: a matrix that its samples are chosen from
    """
    import onnx

    model = onnx.load_from_string(artifact.composite)
    for node in model.graph.node:
        if node.op_type == "TreeEnsembleRegressor" and node.output[0] in ("margin", "sums"):
            for attribute in node.attribute:
                if attribute.name == "target_weights":
                    changed = [value * factor for value in attribute.floats]
                    del attribute.floats[:]
                    attribute.floats.extend(changed)
    content = model.SerializeToString(deterministic=True)
    graph = Composite(content, artifact.schema.width)
    return replace(
        artifact,
        composite=content,
        probes=samples.probes(graph, content),
        samples=samples.choose(graph, artifact.schema, artifact.thresholds, rows),
    )


def fleet_of(
    directory: Path,
    artifact: Artifact,
    rows: Any,
    own: Sequence[str],
    fallbacks: Sequence[str] = (),
    unknown: Unknown = "refuse",
) -> Fleet:
    """Write a fleet whose pooled model is the artifact. own: members with a model of their own."""
    members: dict[str, Member] = {}
    artifact.save(model_dir(directory, artifact.digest))
    for number, key in enumerate(own, start=1):
        made = varied(artifact, 1.0 - number / (2.0 * len(own) + 2.0), rows)
        made.save(model_dir(directory, made.digest))
        members[key] = Member(made.digest, rows=1_000)
    for key in fallbacks:
        members[key] = Member(artifact.digest, reason="too few rows: 12, and 300 are needed", rows=12)
    fleet = Fleet("by-age", ("age",), unknown, artifact.schema, artifact.digest, members, {"job": "j"})
    fleet.save(directory)
    return fleet
