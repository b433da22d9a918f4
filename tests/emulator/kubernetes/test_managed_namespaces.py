"""A namespace that Azure Resource Manager manages comes, changes and goes with its resource."""

import pytest

from emulator.app import Emulator
from tests.emulator.kubernetes.conftest import CLUSTER, LOCATION, Json, arm, found

LABELS = {"pod-security.kubernetes.io/enforce": "restricted"}


def body(**properties: object) -> Json:
    return {"location": LOCATION, "properties": {"labels": LABELS, **properties}}


def labels(emulator: Emulator, name: str) -> Json | None:
    held = found(emulator).objects.find("Namespace", "", name)
    return held["metadata"]["labels"] if held else None


@pytest.mark.parametrize("policy", ["Keep", "Delete"])
def test_it_is_labelled_and_ends_as_it_was_asked(emulator: Emulator, policy: str) -> None:
    name = f"managed-{policy.lower()}"
    path = f"{CLUSTER}/managedNamespaces/{name}"
    assert arm(emulator, "PUT", path, body(deletePolicy=policy))["properties"]["adoptionPolicy"] == "Never"
    assert labels(emulator, name) == {**LABELS, "kubernetes.io/metadata.name": name}
    arm(emulator, "PUT", path, body(deletePolicy=policy, labels={**LABELS, "team": "a"}))
    assert (labels(emulator, name) or {})["team"] == "a"
    arm(emulator, "DELETE", path)
    assert (labels(emulator, name) is None) is (policy == "Delete")


def test_one_that_is_there_is_adopted_only_where_that_was_said(emulator: Emulator) -> None:
    path = f"{CLUSTER}/managedNamespaces/adopted"
    metadata = {"name": "adopted", "labels": LABELS}
    found(emulator).objects.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    with pytest.raises(AssertionError, match="exists in the cluster, and adoptionPolicy is Never"):
        arm(emulator, "PUT", path, body())
    with pytest.raises(AssertionError, match="adoptionPolicy is IfIdentical"):
        arm(emulator, "PUT", path, body(adoptionPolicy="IfIdentical", labels={"team": "a"}))
    assert labels(emulator, "adopted") == {**LABELS, "kubernetes.io/metadata.name": "adopted"}
    arm(emulator, "PUT", path, body(adoptionPolicy="IfIdentical"))
    with pytest.raises(AssertionError, match="belongs to Kubernetes and cannot be managed"):
        arm(emulator, "PUT", f"{CLUSTER}/managedNamespaces/kube-system", body())
