"""What Azure has and the state does not know is found, round by round, and taken in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.arm_ids import UNKNOWN
from ml.errors import MlopsError
from ml.recovery.plan import Create, Plan
from ml.recovery.recover import recover
from ml.recovery.stack import Pending, PulumiStack, State
from ml.terminal.console import Report

SUBSCRIPTION = "0a7c1e5d-0000-4000-8000-00000000000a"
ROOT = "urn:pulumi:stage::estate::pulumi:pulumi:Stack::estate-stage"
DEFAULT = "urn:pulumi:stage::estate::pulumi:providers:azure-native::default_3_29_0"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
NET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"


def create(kind: str, name: str, **inputs: Any) -> Create:
    type_ = f"azure-native:{kind}"
    return Create(f"urn:pulumi:stage::estate::{type_}::{name}", type_, ROOT, DEFAULT, True, inputs)


class Stack(PulumiStack):
    """A program of a group, a network in it and a subnet in that; Azure's ids come with imports."""

    def __init__(self, pending: tuple[str, ...] = (), deaf: bool = False) -> None:
        self.name = "stage"
        self.known: dict[str, str] = {}
        self.imports: list[list[str]] = []
        self.pending = [Pending("creating", urn) for urn in pending]
        self.deaf = deaf
        self.replaced: list[str] = []

    def state(self) -> State:
        return State(list(self.pending), [ROOT, *self.known], {})

    def plan(self) -> Plan:
        group = "rg" if any("ResourceGroup" in urn for urn in self.known) else UNKNOWN
        net = "net" if any("VirtualNetwork" in urn for urn in self.known) else UNKNOWN
        program = [
            create("resources:ResourceGroup", "group", resourceGroupName="rg"),
            create("network:VirtualNetwork", "net", resourceGroupName=group, virtualNetworkName="net"),
            create(
                "network:Subnet",
                "all",
                resourceGroupName=group,
                virtualNetworkName=net,
                subnetName="all",
            ),
        ]
        left = [one for one in program if one.urn not in self.known]
        return Plan(left, {"azure-native:subscriptionId": SUBSCRIPTION}, self.replaced)

    def take(self, found: Mapping[str, str], plan: Plan, state: State) -> None:
        self.imports.append(list(found.values()))
        if not self.deaf:
            self.known.update(found)

    def settle(self, state: State) -> None:
        self.pending.clear()


QUIET = Report(quiet=True)


def azure(*ids: str) -> Any:
    return lambda type_, resource_id: resource_id in ids


def test_what_stands_in_something_lost_comes_in_a_later_round() -> None:
    stack = Stack(pending=(f"{ROOT}x",))
    answer = recover(stack, azure(GROUP, NET, f"{NET}/subnets/all"), QUIET, apply=True)
    assert stack.imports == [[GROUP], [NET], [f"{NET}/subnets/all"]]
    assert [one.id for one in answer.found] == [GROUP, NET, f"{NET}/subnets/all"]
    assert answer.clean and stack.pending == []


def test_what_azure_does_not_have_is_left_to_up() -> None:
    stack = Stack()
    answer = recover(stack, azure(GROUP), QUIET, apply=True)
    assert stack.imports == [[GROUP]] and answer.clean


def test_without_apply_nothing_changes_and_it_is_not_clean() -> None:
    stack = Stack(pending=(f"{ROOT}x",))
    answer = recover(stack, azure(GROUP, NET), QUIET, apply=False)
    assert [one.id for one in answer.found] == [GROUP]
    assert stack.imports == [] and len(stack.pending) == 1 and not answer.clean


def test_pending_alone_is_not_clean_and_nothing_at_all_is() -> None:
    assert not recover(Stack(pending=("urn",)), azure(), QUIET, apply=False).clean
    assert recover(Stack(), azure(), QUIET, apply=False).clean


def test_an_import_that_took_nothing_does_not_go_on_for_ever() -> None:
    with pytest.raises(MlopsError, match="would create group although it has just been imported"):
        recover(Stack(deaf=True), azure(GROUP), QUIET, apply=True)


def test_what_up_would_make_anew_is_named() -> None:
    stack = Stack()
    stack.replaced = ["urn:pulumi:stage::estate::azure-native:resources:ResourceGroup::group"]
    assert recover(stack, azure(GROUP), QUIET, apply=True).replaced == ["group"]
    # Taken in by a run that was ended before this one: it is warned of all the same.
    assert recover(stack, azure(GROUP), QUIET, apply=True).replaced == ["group"]


def test_a_type_without_a_form_is_said_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = Stack()
    odd = create("network:Firewall", "wall", resourceGroupName="rg", azureFirewallName="wall")
    monkeypatch.setattr(stack, "plan", lambda: Plan([odd], {"azure-native:subscriptionId": SUBSCRIPTION}))
    assert recover(stack, azure(), Report(), apply=False).clean
    assert "network:Firewall are not looked for: infra/arm_ids.py" in capsys.readouterr().err


def test_without_a_subscription_that_is_known_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a provider that the state does not have yet: its subscription may be another one."""
    stack = Stack()
    own = create("resources:ResourceGroup", "group", resourceGroupName="rg")
    other = Create(
        own.urn, own.type, own.parent, "urn:…::pulumi:providers:azure-native::hub", True, own.inputs
    )
    monkeypatch.setattr(stack, "plan", lambda: Plan([other], {"azure-native:subscriptionId": SUBSCRIPTION}))
    report = Report()
    assert recover(stack, azure(GROUP), report, apply=True).found == []
    assert "resources of the provider hub are not looked for" in capsys.readouterr().err


def test_the_subscription_may_be_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack()
    group = create("resources:ResourceGroup", "group", resourceGroupName="rg")
    monkeypatch.setattr(stack, "plan", lambda: Plan([group]))
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", SUBSCRIPTION)
    assert [one.id for one in recover(stack, azure(GROUP), QUIET, apply=False).found] == [GROUP]


def test_the_folder_has_to_have_the_stack_file(tmp_path: Path) -> None:
    from ml.recovery.stack import opened

    with (
        pytest.raises(MlopsError, match=r"--env 'dev': .*Pulumi.dev.yaml cannot be read"),
        opened(tmp_path, "dev"),
    ):
        pass
