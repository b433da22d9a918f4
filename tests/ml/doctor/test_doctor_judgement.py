"""What the doctor makes of what it is told: tools, rights, quota."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.doctor import quota, rights, tools
from ml.doctor.findings import State
from ml.doctor.machines import Machines

SIZES = {"standard_d4ds_v5": quota.Size("standardDDSv5Family", 4)}


def states(findings: list[quota.Finding]) -> list[State]:
    return [finding.state for finding in findings]


@given(nodes=st.integers(1, 100), used=st.integers(0, 500), limit=st.integers(0, 500))
def test_a_quota_is_enough_exactly_when_the_cores_are_free(nodes: int, used: int, limit: int) -> None:
    wanted = [Machines("compute.vmSize", "Standard_D4ds_v5", nodes)]
    found = quota.judge(wanted, SIZES, {"standardddsv5family": quota.Left(used, limit)}, "westeurope")
    assert states(found) == [State.OK if nodes * 4 <= limit - used else State.FAILED]
    assert f"{nodes * 4} cores" in found[0].said


def test_two_clusters_of_one_family_share_its_quota() -> None:
    wanted = [Machines("a", "Standard_D4ds_v5", 2), Machines("b", "Standard_D4ds_v5", 2)]
    left = {"standardddsv5family": quota.Left(0, 15)}
    (found,) = quota.judge(wanted, SIZES, left, "westeurope")
    assert found.state is State.FAILED
    assert "a (2 x" in found.said and "b (2 x" in found.said


def test_low_priority_nodes_have_a_quota_of_their_own() -> None:
    usages = [
        {"type": "Microsoft.MachineLearningServices/vmFamily/dedicatedCores/usages",
         "name": {"value": "standardDDSv5Family"}, "currentValue": 0, "limit": 100},
        {"type": "Microsoft.MachineLearningServices/lowPriorityCores/usages",
         "name": {"value": "lowPriorityCores"}, "currentValue": 4, "limit": 8},
    ]  # fmt: skip
    wanted = [Machines("compute.vmSize", "Standard_D4ds_v5", 2, low_priority=True)]
    (found,) = quota.judge(wanted, SIZES, quota.left_in(usages), "westeurope")
    assert (found.state, "4 of 8 are free" in found.said) == (State.FAILED, True)


def test_a_size_that_the_region_lacks_is_named_with_its_setting() -> None:
    (found,) = quota.judge([Machines("compute.vmSize", "Standard_Z9", 1)], SIZES, {}, "westeurope")
    assert found.state is State.FAILED
    assert "compute.vmSize is Standard_Z9" in found.said


def test_a_family_without_a_quota_is_unknown_and_not_well() -> None:
    (found,) = quota.judge([Machines("compute.vmSize", "Standard_D4ds_v5", 1)], SIZES, {}, "westeurope")
    assert found.state is State.UNKNOWN


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        ([{"actions": ["*"], "notActions": []}], True),
        ([{"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}], False),
        ([{"actions": ["Microsoft.Authorization/roleAssignments/*"]}], True),
        ([{"actions": ["*"], "notActions": ["Microsoft.Authorization/*/write"]},
          {"actions": ["microsoft.authorization/ROLEASSIGNMENTS/write"]}], True),
        ([{"actions": ["*/read"]}], False),
        ([], False),
    ],
)  # fmt: skip
def test_an_action_is_allowed_as_azure_reads_permissions(
    permissions: list[dict[str, list[str]]], allowed: bool
) -> None:
    assert rights.allows(permissions, "Microsoft.Authorization/roleAssignments/write") is allowed


def program(folder: Path, name: str, words: str) -> tuple[str, ...]:
    file = folder / name
    file.write_text(f"#!{sys.executable}\nprint({words!r})\n")
    file.chmod(0o700)
    return (str(file), "version")


@pytest.mark.parametrize(
    ("words", "state"),
    [("v3.250.0", State.OK), ("v3.300.1-dev", State.OK), ("v3.99.0", State.FAILED), ("none", State.FAILED)],
)
def test_a_tool_is_held_to_the_oldest_version_that_works(tmp_path: Path, words: str, state: State) -> None:
    tool = tools.Tool("Pulumi CLI", program(tmp_path, "pulumi", words), (3, 250, 0), "install it")
    assert states(tools.check((tool,)))[-1] is state


def test_a_tool_that_is_not_there_is_named() -> None:
    tool = tools.Tool("Pulumi CLI", ("no-such-program", "version"), (3, 250, 0), "install it")
    found = tools.check((tool,))[-1]
    assert (found.state, found.remedy) == (State.FAILED, "install it")
    assert "no-such-program" in found.said
