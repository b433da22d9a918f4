"""An estate among what others made: it goes up and down, and what is theirs stays as it was."""

import json
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from infra.private_link import LINKS, zones_of
from tests.e2e.test_scenarios_up import QUIET, Scenario
from tests.e2e.world import World
from tests.infra.scenarios import HUB, LOGS, NAMESPACE, SCOPE, ZONES, central

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Bodies by id on standard input are written where there are any; what there is then goes to standard output.
CLIENT: Final = """
import json, sys
import requests
from azure.identity import DefaultAzureCredential

VERSIONS = {"groups": "2024-03-01", "virtualNetworks": "2024-05-01", "privateDnsZones": "2020-06-01",
            "workspaces": "2023-09-01", "privateLinkScopes": "2021-07-01-preview"}
token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
found = {}
for id_, body in json.load(sys.stdin).items():
    version = VERSIONS[id_.split("/")[-2] if "/providers/" in id_ else "groups"]
    url = f"https://management.azure.com{id_}?api-version={version}"
    signed = {"Authorization": f"Bearer {token}"}
    if body:
        requests.put(url, json=body, headers=signed, timeout=60).raise_for_status()
    answer = requests.get(url, headers=signed, timeout=60)
    answer.raise_for_status()
    found[id_] = answer.json()
print(json.dumps(found))
"""
HERE: Final = {"location": "westeurope"}


def theirs() -> dict[str, Any]:
    """What others made, by id, groups first."""
    zones = [f"{ZONES}/providers/Microsoft.Network/privateDnsZones/{zone}" for zone in zones_of(LINKS)]
    groups = list(dict.fromkeys(id_.partition("/providers/")[0] for id_ in (HUB, LOGS, ZONES)))
    modes = {"ingestionAccessMode": "Open", "queryAccessMode": "Open"}
    return {
        **{id_: {**HERE} for id_ in groups},
        HUB: {**HERE, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
        LOGS: {**HERE, "properties": {"sku": {"name": "PerGB2018"}}},
        SCOPE: {"location": "global", "properties": {"accessModeSettings": modes}},
        **{id_: {"location": "global"} for id_ in zones},
    }


def asked(world: World, bodies: dict[str, Any]) -> dict[str, Any]:
    argv = (sys.executable, "-m", "emulator", "run", "--", sys.executable, "-c", CLIENT)
    return json.loads(world.command(*argv, given=json.dumps(bodies)).stdout)


def settled(found: dict[str, Any]) -> dict[str, Any]:
    """What its owner decided: without the number of names in a zone, and the etag that changes with it."""
    kept: dict[str, Any] = {}
    for id_, body in found.items():
        properties = {key: v for key, v in body["properties"].items() if key != "numberOfRecordSets"}
        kept[id_] = {**body, "etag": "", "properties": properties}
    return kept


def records(found: dict[str, Any]) -> dict[str, int]:
    """How many names each zone has."""
    return {
        id_: body["properties"]["numberOfRecordSets"]
        for id_, body in found.items()
        if "privateDnsZones" in id_
    }


def test_what_is_others_stays_as_it_was(tmp_path: Path) -> None:
    stack, config = central()
    config[f"{NAMESPACE}network"]["hub"]["useGateway"] = False  # the hub's side offers none
    world = World(tmp_path / "home")
    world.emulator("up")
    try:
        world.bootstrap()  # the estate has endpoints to where releases are recorded
        before = asked(world, theirs())
        only_read = dict.fromkeys(before)
        scenario = Scenario(world, stack, config, tmp_path)

        network = config[f"{NAMESPACE}network"]
        scenario.config = {**config, f"{NAMESPACE}network": {**network, "addressSpace": "10.0.0.0/8"}}
        said = scenario.pulumi("preview", "--color", "never", check=False)
        assert 'network.addressSpace is "10.0.0.0/8": it overlaps 10.0.0.0/16 of network.hub' in said
        assert "Traceback" not in said and "never retrieved" not in said, said
        missing = {**config[f"{NAMESPACE}telemetry"], "workspaceId": LOGS.replace("log-central", "log-other")}
        scenario.config = {**config, f"{NAMESPACE}telemetry": missing}
        said = scenario.pulumi("preview", "--color", "never", check=False)
        assert "log-other' does not exist" in said and "Traceback" not in said, said

        scenario.config = config
        scenario.pulumi("up", *QUIET, "--skip-preview")
        scenario.pulumi("up", *QUIET, "--expect-no-changes")
        scenario.pulumi("refresh", *QUIET, "--expect-no-changes")
        assert settled(asked(world, only_read)) == settled(before)
        counts, was = records(asked(world, only_read)), records(before)
        assert all(counts[id_] > was[id_] for id_ in counts if "api.azureml.ms" in id_ or "vault" in id_)
        world.run("mlops", "undeploy", "--env", stack, "--workspace", "--json")
        scenario.pulumi("destroy", *QUIET)
        assert settled(asked(world, only_read)) == settled(before)
        assert records(asked(world, only_read)) == records(before), "no name stays in a zone"
    finally:
        world.emulator("down")
