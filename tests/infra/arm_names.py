"""Recorded inputs in Azure's own words, for a check against Azure's type definitions.

The SDK renames a few properties, and takes identities as a list where ARM has a map; the provider puts that
right on the way. By hand: `python -m tests.infra.arm_names [STATE…] > bodies.json`, where STATE is the output
of `pulumi stack export`; without one the program is recorded.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.infra.recording import PACKAGE, Graph, record
from tests.infra.settings import STACKS

RENAMED = {
    "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
    "networkRuleSet": "networkAcls",
    "iPAddressOrRange": "value",
    "virtualNetworkResourceId": "id",
}
UNRENAMED = {"containerregistry:Registry": {"networkRuleSet"}}  # the registry's is called so in ARM too
QUERY = {"skipValidation"}


def arm_inputs(token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`inputs` with ARM's names and shapes."""
    kept = UNRENAMED.get(token, set[str]())

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(item) for item in value]
        if not isinstance(value, dict):
            return value
        body = {k if k in kept else RENAMED.get(k, k): walk(v) for k, v in value.items() if k not in QUERY}
        if isinstance(given := body.get("userAssignedIdentities"), list):
            body["userAssignedIdentities"] = {id_: {} for id_ in given}
        return body

    return walk(dict(inputs))


def bodies(graph: Graph) -> list[dict[str, Any]]:
    """A list of {type, name, inputs}."""
    return [{"type": r.type, "name": r.name, "inputs": arm_inputs(r.token, r.inputs)} for r in graph.custom]


def exported(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same from the output of `pulumi stack export`."""
    return [
        {
            "type": resource["type"],
            "name": resource["urn"].rpartition("::")[2],
            "inputs": arm_inputs(resource["type"].removeprefix(PACKAGE), resource.get("inputs", {})),
        }
        for resource in state["deployment"].get("resources", [])
        if resource["type"].startswith(PACKAGE)
    ]


def main(states: list[str]) -> None:
    found = [exported(json.loads(Path(state).read_text())) for state in states]
    found = found or [bodies(record(stack)) for stack in STACKS]
    json.dump([body for several in found for body in several], sys.stdout, indent=1)


if __name__ == "__main__":
    main(sys.argv[1:])
