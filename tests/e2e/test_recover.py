"""A killed `pulumi up`, and a state that is lost: `mlops recover` takes in what Azure has."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from ml.recovery.adopted import SIGNATURE
from tests.e2e import endstate
from tests.e2e.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
QUIET: Final = ("--yes", "--skip-preview", "--color", "never")
LOST: Final = {
    "azure-native:authorization:RoleAssignment",
    "azure-native:machinelearningservices:Datastore",
    "azure-native:monitor:DiagnosticSetting",
    "azure-native:storage:ManagementPolicy",
}


def leaves(resources: list[dict[str, Any]]) -> set[str]:
    """URNs of one of each type of LOST that nothing else names: in a killed `up` nothing comes after them."""
    named = json.dumps([{**one, "urn": "", "id": ""} for one in resources])
    alone = (one for one in resources if one["urn"] not in named)
    return set({one["type"]: one["urn"] for one in alone if one["type"] in LOST}.values())


def forget(world: World, *, all_of_it: bool) -> set[str]:
    """Let the state not know what Azure has: all, or LOST as a kill leaves it, begun and not ended. URNs."""
    file = world.home / "pulumi" / "state" / ".pulumi" / "stacks" / "mlops-estate" / "stage.json"
    state = json.loads(file.read_text())
    latest = state["checkpoint"]["latest"]
    had: list[dict[str, Any]] = latest["resources"]
    lost = {one["urn"] for one in had} if all_of_it else leaves(had)
    latest["resources"] = [one for one in had if one["urn"] not in lost]
    if not all_of_it:
        begun = [{"type": "creating", "resource": one} for one in had if one["urn"] in lost]
        latest["pending_operations"] = begun
    file.write_text(json.dumps(state))
    return lost


def encrypted(world: World) -> set[tuple[str, str]]:
    """URN and place of each input that the state keeps as a secret."""

    def places(value: Any, at: str) -> list[str]:
        if isinstance(value, dict):
            inner: dict[str, Any] = value
            if SIGNATURE in inner:
                return [at]
            return [place for name, one in inner.items() for place in places(one, f"{at}.{name}")]
        if isinstance(value, list):
            items: list[Any] = value
            return [place for number, one in enumerate(items) for place in places(one, f"{at}.{number}")]
        return []

    resources = endstate.stacks(world.home)["mlops-estate/stage"]["resources"]
    return {(one["urn"], place) for one in resources for place in places(one.get("inputs"), "")}


def recovered(world: World, *argv: str, code: int = 0) -> dict[str, Any]:
    done = world.run("mlops", "recover", "--env", "stage", "--json", *argv, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_what_a_killed_up_left_is_refused_by_up_and_taken_in_by_recover(estate_world: World) -> None:
    lost = {urn.rpartition("::")[2] for urn in forget(estate_world, all_of_it=False)}
    assert len(lost) == len(LOST)
    refused = estate_world.pulumi("up", "stage", *QUIET, check=False)
    assert refused.returncode and "cannot create already existing resource" in refused.stdout
    assert {one["name"] for one in recovered(estate_world, code=1)["found"]} == lost
    answer = recovered(estate_world, "--yes")
    assert (answer["imported"], answer["replaced"]) == (len(lost), [])
    # A datastore's `skipValidation` is told to Azure and never read again: an update in place.
    done = estate_world.pulumi("up", "stage", *QUIET)
    assert " replaced" not in done.stdout and " created" not in done.stdout, done.stdout
    estate_world.pulumi("up", "stage", *QUIET, "--expect-no-changes")
    assert recovered(estate_world)["found"] == []
    assert endstate.faults(estate_world.home) == []


def test_a_lost_state_comes_back(estate_world: World) -> None:
    had = len(endstate.stacks(estate_world.home)["mlops-estate/stage"]["resources"])
    secrets = encrypted(estate_world)
    assert secrets
    forget(estate_world, all_of_it=True)
    answer = recovered(estate_world, "--yes")
    assert answer["replaced"] == []
    assert encrypted(estate_world) == secrets
    done = estate_world.pulumi("up", "stage", *QUIET)
    assert " replaced" not in done.stdout and " created" not in done.stdout, done.stdout
    assert len(endstate.stacks(estate_world.home)["mlops-estate/stage"]["resources"]) == had
    estate_world.pulumi("up", "stage", *QUIET, "--expect-no-changes")
