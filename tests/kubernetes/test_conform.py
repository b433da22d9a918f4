"""The rendered manifests by kubeconform, with the schemas of Kubernetes' own source; no cluster is needed."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from ml.production import manifests
from tests.ml.production.revisions import values
from tools.kubernetes import conform

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def rendered() -> list[dict[str, Any]]:
    return manifests.render(values())


def test_the_manifests_are_what_kubernetes_takes(rendered: list[dict[str, Any]]) -> None:
    assert len({one["kind"] for one in rendered}) >= 7
    assert conform.problems(rendered) == []


def containers(manifest: dict[str, Any]) -> dict[str, Any]:
    return manifest["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: containers(one).update(livenessProb={}), "livenessProb"),
        (lambda one: containers(one)["resources"]["limits"].update(memory=["1Gi"]), "memory"),
        (lambda one: one["spec"].pop("selector"), "selector"),
        (lambda one: one["spec"].update(replicas="two"), "replicas"),
    ],
)
def test_a_wrong_field_is_named(rendered: list[dict[str, Any]], change: Change, words: str) -> None:
    """So the check can fail."""
    deployment = deepcopy(next(one for one in rendered if one["kind"] == "Deployment"))
    change(deployment)
    (problem,) = conform.problems([deployment])
    assert words in problem


def test_a_kind_that_there_is_not_is_named() -> None:
    with pytest.raises(KeyError, match="apps/v1 Deploymnt"):
        conform.problems([{"apiVersion": "apps/v1", "kind": "Deploymnt", "metadata": {"name": "x"}}])
