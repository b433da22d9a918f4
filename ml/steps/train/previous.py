"""An earlier model as a beginning: its margin, read back from its composite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ml.steps.errors import StepError
from ml.steps.train.additive import NOTHING, Additive
from ml.steps.train.space import CONTINUED_SPACE
from ml.steps.train.trees import Tree
from scoring.model.artifact import Artifact
from scoring.model.graph import Ensemble, GraphError, read
from scoring.model.schema import Schema

MOST_TREES = 400  # of a model that starts from another one: each costs time in every request
ADDED = int(next(each.high for each in CONTINUED_SPACE if each.name == "max_iter"))
MEANING = ("name", "type", "categories")  # of a feature: limits may move, and a value means what it meant


@dataclass(frozen=True, slots=True)
class Previous:
    """`name`: NAME:VERSION. `digest`: of its artifact. `margin`: its calibrated log odds."""

    name: str
    digest: str
    margin: Additive


def previous(name: str, artifact: Artifact, schema: Schema) -> Previous:
    """The model as a beginning for one of this schema.

    Raises StepError when it has other features, is no sum of trees, or has so many that no more may be added.
    """
    _check_features(name, artifact.schema, schema)
    try:
        graph = read(artifact.composite)
    except GraphError as error:
        raise StepError(f"no training can start from {name}: {error}") from error
    trees = tuple(_trees(graph.margin))
    if len(trees) + ADDED > MOST_TREES:
        raise StepError(
            f"{name} has {len(trees)} trees, and a model that starts from it gets up to {ADDED} more: at "
            f"most {MOST_TREES} are allowed, as each costs time in every request; train without it"
        )
    nothing = np.zeros(schema.width)
    slope, fill = (nothing if each is None else each for each in (graph.slope, graph.fill))
    margin = Additive(trees or (NOTHING,), slope, fill, graph.margin.base)
    return Previous(name, artifact.digest, margin)


def _check_features(name: str, earlier: Schema, schema: Schema) -> None:
    before, now = (_meanings(each) for each in (earlier, schema))
    if before == now:
        return
    place = next(
        (at for at, (one, other) in enumerate(zip(before, now, strict=False)) if one != other),
        min(len(before), len(now)),
    )
    one, other = (_said(each, place) for each in (before, now))
    raise StepError(
        f"no training can start from {name}: its feature {place + 1} is {one}, and here it is {other}; "
        "train without it"
    )


def _meanings(schema: Schema) -> list[Mapping[str, Any]]:
    features: list[dict[str, Any]] = schema.to_json()["features"]
    return [{key: each[key] for key in MEANING if key in each} for each in features]


def _said(features: list[Mapping[str, Any]], place: int) -> str:
    return "none" if place >= len(features) else ", ".join(str(value) for value in features[place].values())


def _trees(ensemble: Ensemble) -> list[Tree]:
    ends = ensemble.first
    return [
        Tree(
            ensemble.feature[begin:end].astype(np.int64),
            ensemble.threshold[begin:end].astype(np.float64),
            ensemble.left[begin:end].astype(np.int64),
            ensemble.right[begin:end].astype(np.int64),
            ensemble.missing_left[begin:end].astype(np.bool_),
            ensemble.value[begin:end].astype(np.float64),
        )
        for begin, end in pairwise(ends.tolist())
    ]
