"""Many models made of a trained one: each has leaves, arrays, answers and a digest of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import onnx
import orjson

from benchmarks.scoring.cache import digest, made
from benchmarks.scoring.model import Subject
from benchmarks.scoring.tools import Say
from ml.steps.train import samples
from scoring.fleet.stored import Fleet, Member, model_dir
from scoring.model import artifact as artifacts
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.encode import Encoder
from scoring.model.schema import Matrix

SEED = 20260101
REQUESTS = 20_000  # distinct ones, each for a member that is drawn anew


def varied(artifact: Artifact, factor: float, rows: Matrix) -> Artifact:
    """The model with the leaves of its margin times a factor; what it states of itself is made anew.

    rows: a matrix [rows, features] that its samples are chosen from
    """
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


def keys(count: int) -> list[str]:
    return [f"member-{number:05}" for number in range(count)]


def write(folder: Path, artifact: Artifact, rows: Matrix, names: Sequence[str]) -> Fleet:
    """A fleet in a folder, whose pooled model is the artifact."""
    artifact.save(model_dir(folder, artifact.digest))
    members: dict[str, Member] = {}
    for number, key in enumerate(names, start=1):
        one = varied(artifact, 1.0 - number / (2.0 * len(names) + 2.0), rows)
        one.save(model_dir(folder, one.digest))
        members[key] = Member(one.digest, rows=len(rows))
    fleet = Fleet("many", ("member",), "refuse", artifact.schema, artifact.digest, members)
    fleet.save(folder)
    return fleet


def fleet_of(subject: Subject, count: int, say: Say) -> Path:
    """The folder of a fleet of so many models of the subject's size, made once for a machine."""
    artifact = artifacts.load(subject.artifact)
    name = f"fleet-{count}-{digest([Path(__file__)], artifact.digest)}"
    records = [orjson.loads(line)["records"][0] for line in subject.single.read_bytes().splitlines()]
    rows = Encoder(artifact.schema, len(records)).encode({"records": records})

    def make(folder: Path) -> None:
        write(folder, artifact, rows, keys(count))

    return made(name, make, say, f"making {count:,} models: about a minute for a thousand, once")


def requests(subject: Subject, names: Sequence[str], target: Path) -> Path:
    """Requests of one row, one a line, each for a member drawn uniformly; the file."""
    drawn = random.Random(SEED)  # noqa: S311 - no secret
    lines = subject.single.read_bytes().splitlines()
    with target.open("wb") as file:
        for number in range(REQUESTS):
            body = orjson.loads(lines[number % len(lines)])
            file.write(orjson.dumps({**body, "member": drawn.choice(names)}) + b"\n")
    return target
