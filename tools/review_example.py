"""A change of stage that touches a little of everything: what docs/review.md shows and tests look at."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from infra.graph.canonical import load
from infra.graph.model import PACKAGE, Graph, Resource

ROOT: Final = Path(__file__).resolve().parents[1]
STAGE: Final = ROOT / "tests/infra/golden/stage.json"
TRAINING: Final = "managedidentity:UserAssignedIdentity::identities-training"
TRAINER: Final = "managedidentity:UserAssignedIdentity::identities-trainer"
ESTATE: Final = "mlops:estate:Estate"
ROLES: Final = (
    "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000a/providers/Microsoft.Authorization/roleDefinitions/"
)


def stage() -> Graph:
    """The accepted graph of stage."""
    return load(STAGE.read_text(encoding="utf-8"))


def _with(resource: Resource, **inputs: Any) -> Resource:
    """A copy with these inputs; `__` is the "." of a path."""
    changed = copy.deepcopy(resource.inputs)
    for path, value in inputs.items():
        *parents, last = path.split("__")
        holder = changed
        for key in parents:
            holder = holder[key]
        holder[last] = value
    return dataclasses.replace(resource, inputs=changed)


def _registry(resource: Resource) -> Resource:
    ranges = [
        *resource.inputs["networkRuleSet"]["ipRules"],
        {"action": "Allow", "iPAddressOrRange": "198.51.100.0/24"},
    ]
    return _with(resource, adminUserEnabled=True, networkRuleSet__ipRules=ranges)


def _inference(resource: Resource) -> Resource:
    rule = {
        "name": "allow-from-anywhere",
        "access": "Allow",
        "direction": "Inbound",
        "priority": 150,
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "10.20.2.0/24",
        "destinationPortRange": "8080",
    }
    return _with(resource, securityRules=[*resource.inputs["securityRules"], rule])


def _trainer(resource: Resource) -> Resource:
    return dataclasses.replace(resource, name="identities-trainer", aliases=(resource.identity,))


CHANGED: Final[dict[str, Callable[[Resource], Resource]]] = {
    "storage:StorageAccount::storage": lambda r: _with(r, accountName="stmlopsstagenew"),
    "keyvault:Vault::vault": lambda r: _with(r, properties__enablePurgeProtection=False),
    "containerregistry:Registry::registry": _registry,
    "machinelearningservices:Compute::compute": lambda r: _with(
        r, properties__properties__vmSize="Standard_D8ds_v5"
    ),
    "machinelearningservices:Workspace::workspace": lambda r: dataclasses.replace(r, protect=False),
    "network:NetworkSecurityGroup::network-inference-nsg": _inference,
    "operationalinsights:Workspace::telemetry-logs": lambda r: _with(r, retentionInDays=14),
    TRAINING: _trainer,
}
GONE: Final = {
    "monitor:DiagnosticSetting::diagnostics-vault",
    "authorization:RoleAssignment::engineers-key-vault-secrets-officer-on-key-vault",
}
ADDED: Final = (
    Resource(
        PACKAGE + "authorization:RoleAssignment",
        "scoring-storage-blob-data-contributor-on-storage",
        "grants",
        {
            "principalId": "principal of identities-scoring",
            "principalType": "ServicePrincipal",
            "roleAssignmentName": "5f0d8d0a-0000-5000-8000-000000000001",
            "roleDefinitionId": ROLES + "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            "scope": "id of storage",
        },
        within=f"{ESTATE}$mlops:security:Grants",
        references={
            "principalId": ("managedidentity:UserAssignedIdentity::identities-scoring",),
            "scope": ("storage:StorageAccount::storage",),
        },
    ),
)


def base() -> Graph:
    """Stage with its workspace protected."""
    graph = stage()
    return Graph(
        [
            dataclasses.replace(r, protect=True)
            if r.key == "machinelearningservices:Workspace::workspace"
            else r
            for r in graph.resources
        ],
        stack=graph.stack,
    )


def head() -> Graph:
    """The same after the change."""
    kept = [r for r in base().resources if r.key not in GONE]
    changed = [*(CHANGED[r.key](r) if r.key in CHANGED else r for r in kept), *ADDED]
    return Graph([_renamed(resource) for resource in changed], stack="stage")


def _renamed(resource: Resource) -> Resource:
    """What refers to the identity that is called otherwise now."""
    references = {
        path: tuple(TRAINER if key == TRAINING else key for key in keys)
        for path, keys in resource.references.items()
    }
    return dataclasses.replace(resource, references=references)
