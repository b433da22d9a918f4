import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockMonitor

from emulator.arm import catalog
from emulator.provider import schema_cache
from emulator.provider.drift import refreshed
from ml.deploy import group
from ml.deploy.group import GroupSpec
from tests.ml.cli.mlops_fakes import RecordingReport

SPEC = GroupSpec(
    name="scoring-stage-0123456789abcdef",
    revision="rev-0123456789abcdef",
    resource_group="rg-stage",
    location="westeurope",
    subscription_id="s",
    tenant_id="t",
    image="crstage.azurecr.io/scoring@sha256:" + "a" * 64,
    registry_login_server="crstage.azurecr.io",
    identity_id="/subscriptions/s/identity",
    env={"PORT": "8080"},
    secure_env={"APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=hidden"},
    cpu=1.0,
    memory_gb=1.5,
    port=8080,
    tags={"release": "r-1"},
    outputs={"release": "r-1"},
    subnet_id="/subnets/inference",
)


SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def plain(value: Any) -> Any:
    """A value without its mark of secrecy."""
    marked = isinstance(value, dict) and value.get(SIGNATURE) == SECRET
    return value["value"] if marked else value


class Mocks(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.inputs: dict[str, Any] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if "ContainerGroup" in args.typ:
            self.inputs = args.inputs
        if "ContainerGroup" not in args.typ:
            return f"{args.name}-id", args.inputs
        computed = {
            "ipAddress": {"ip": "10.0.2.4", "ports": [], "type": "Private"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {}},
        }
        return f"{args.name}-id", {**args.inputs, **computed}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {}


def declared(spec: GroupSpec, beside: group.Beside = group.ALONE) -> dict[str, Any]:
    return run(lambda: group.declare(spec, beside))


def run(program: Callable[[], None]) -> dict[str, Any]:
    """The inputs of the group that the program declares."""
    mocks = Mocks()
    pulumi.runtime.set_mocks(mocks, preview=False)
    pulumi.runtime.test(program)()
    return mocks.inputs


def test_the_group_pulls_by_digest_with_its_identity():
    inputs = declared(SPEC)
    assert plain(inputs["containers"])[0]["image"] == SPEC.image
    assert inputs["imageRegistryCredentials"] == [
        {"server": SPEC.registry_login_server, "identity": SPEC.identity_id}
    ]
    assert inputs["identity"]["userAssignedIdentities"] == [SPEC.identity_id]


def test_secure_values_are_secrets_and_the_rest_is_plain():
    containers = declared(SPEC)["containers"]
    assert containers[SIGNATURE] == SECRET
    variables = {v["name"]: v for v in plain(containers)[0]["environmentVariables"]}
    assert variables["PORT"] == {"name": "PORT", "value": "8080"}
    assert set(variables["APPLICATIONINSIGHTS_CONNECTION_STRING"]) == {"name", "secureValue"}


def test_probes_ask_for_health_and_readiness():
    container = plain(declared(SPEC)["containers"])[0]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_a_group_stands_in_the_subnet_and_has_no_public_address():
    inputs = declared(SPEC)
    address = inputs["ipAddress"]
    assert (address["type"], address["ports"]) == ("Private", [{"port": 8080, "protocol": "TCP"}])
    assert "dnsNameLabel" not in address
    assert inputs["subnetIds"] == [{"id": "/subnets/inference"}]


class Deployment:
    """A stack with a state, which keeps what is called. gone: what Azure no longer has.

    lost: whether Azure has the group of the spec although the state may not know it.
    """

    def __init__(self, *resources: dict[str, Any], gone: tuple[str, ...] = (), lost: bool = False) -> None:
        self.resources, self.gone, self.lost = list(resources), gone, lost
        self.pending: list[str] = []
        self.called: list[str] = []

    def exists(self, name: str) -> bool:
        return self.lost if name == SPEC.name else name.removesuffix("-g") not in self.gone

    def remove(self, name: str) -> None:
        self.called.append(f"remove {name}")

    def export_stack(self) -> Any:
        deployment = {"resources": self.resources, "pending_operations": self.pending}
        return SimpleNamespace(deployment=deployment if self.resources else None)

    def refresh(self, *, clear_pending_creates: bool, **options: Any) -> None:
        self.called.append("refresh --clear" if clear_pending_creates else "refresh")
        self.resources = [one for one in self.resources if not str(one["urn"]).endswith(self.gone or "?")]

    def up(self, *, program: Any, refresh: bool, **options: Any) -> None:
        self.called.append(f"up{' --refresh' if refresh else ''}")
        run(program)


def state_of(*names: str, gone: tuple[str, ...] = ()) -> Deployment:
    urn = f"urn:pulumi:stage::{group.PROJECT}::{group.GROUP_TYPE}::"
    return Deployment(
        {"type": "pulumi:pulumi:Stack", "urn": "urn:stack", "outputs": {"release": "r-0"}},
        *(
            {"type": group.GROUP_TYPE, "urn": f"{urn}{name}", "inputs": {"containerGroupName": f"{name}-g"}}
            for name in names
        ),
        gone=gone,
    )


@pytest.mark.parametrize("known", [(), ("scoring-rev-0123456789abcdef",)])
@pytest.mark.parametrize("others", [(), ("scoring",), ("scoring-rev-a", "scoring-rev-b")])
def test_a_release_comes_beside_those_that_are_there(
    others: tuple[str, ...], known: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among them the one group of an estate of before, which had no revision in its name."""
    state = state_of(*others, *known)
    monkeypatch.setattr(group, "_selected", lambda *_: nullcontext((state, None)))
    raised = group.up("stage", SPEC, RecordingReport(), state)
    assert raised == ("http://10.0.2.4:8080", tuple(f"{name}-g" for name in others))
    assert state.called == ["up --refresh"]


def test_a_group_that_azure_has_no_more_is_not_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    state = state_of("scoring-rev-a", gone=("scoring-rev-a",))
    monkeypatch.setattr(group, "_selected", lambda *_: nullcontext((state, None)))
    assert group.up("stage", SPEC, RecordingReport(), state).others == ()
    assert state.called == ["refresh", "up --refresh"]


@pytest.mark.parametrize("pending", [False, True])
def test_what_a_killed_deployment_left_is_removed_once_the_stack_was_free(
    pending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure's provider refuses to create what exists; a refresh stops here while another deployment runs."""
    state = state_of("scoring-rev-a")
    state.lost, state.pending = True, ["creating"] if pending else []
    monkeypatch.setattr(group, "_selected", lambda *_: nullcontext((state, None)))
    group.up("stage", SPEC, RecordingReport(), state)
    refresh = "refresh --clear" if pending else "refresh"
    assert state.called == [refresh, f"remove {SPEC.name}", "up --refresh"]


def test_a_group_that_the_state_knows_is_not_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    state = state_of(SPEC.logical_name)
    state.lost = True
    monkeypatch.setattr(group, "_selected", lambda *_: nullcontext((state, None)))
    group.up("stage", SPEC, RecordingReport(), state)
    assert state.called == ["up --refresh"]


def test_the_first_group_of_all_needs_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    state = Deployment()
    monkeypatch.setattr(group, "_selected", lambda *_: nullcontext((state, None)))
    assert group.up("stage", SPEC, RecordingReport(), state).others == ()


def test_what_answers_is_declared_as_it_is_and_named_by_the_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    ignored: dict[str, list[str]] = {}
    register = MockMonitor.RegisterResource

    def heard(monitor: MockMonitor, request: Any) -> Any:
        ignored[request.name] = list(request.ignoreChanges)
        return register(monitor, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", heard)
    told: dict[str, Any] = {}
    monkeypatch.setattr(pulumi, "export", told.__setitem__)
    old = group.Beside({"scoring-rev-a": "scoring-stage-a"}, {"release": "r-0", "group": "scoring-stage-a"})
    declared(SPEC, old)
    assert ignored["scoring-rev-a"] == ["*"] and ignored[SPEC.logical_name] == ["ipAddress.ip"]
    assert (told["release"], told["group"]) == ("r-0", "scoring-stage-a")
    assert set(told) == {"release", "group", group.RAISED}


def test_another_address_after_a_restart_remakes_nothing(monkeypatch: pytest.MonkeyPatch):
    """What a refresh copies into the inputs of an unchanged private group is what the program ignores."""
    ignored: list[str] = []
    register = MockMonitor.RegisterResource

    def heard(monitor: MockMonitor, request: Any) -> Any:
        ignored.extend(request.ignoreChanges if "ContainerGroup" in request.type else [])
        return register(monitor, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", heard)
    inputs = declared(SPEC)
    token = "azure-native:containerinstance:ContainerGroup"
    address = {**inputs["ipAddress"], "ip": "10.0.2.4"}
    before, after = {"ipAddress": address}, {"ipAddress": {**address, "ip": "10.0.2.5"}}
    row = catalog.find_token("containerinstance:ContainerGroup")
    assert row is not None
    found = refreshed(schema_cache.resource(token), row, {"ipAddress": inputs["ipAddress"]}, before, after)
    assert found["ipAddress"] == {**inputs["ipAddress"], "ip": "10.0.2.5"}
    assert ignored == ["ipAddress.ip"]


@pytest.mark.parametrize(
    "change",
    [
        {"subnet_id": ""},
        {"image": "crstage.azurecr.io/scoring:latest"},
    ],
)
def test_what_makes_no_group_is_refused(change: dict[str, Any]):
    with pytest.raises(ValueError):
        replace(SPEC, **change)


def test_the_main_stacks_options_do_not_leak(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PULUMI_OPTION_CONFIG_FILE", "main.yaml")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file://state")
    with pytest.raises(RuntimeError), group.own_options():
        assert "PULUMI_OPTION_CONFIG_FILE" not in os.environ
        assert os.environ["PULUMI_BACKEND_URL"] == "file://state"
        raise RuntimeError
    assert os.environ["PULUMI_OPTION_CONFIG_FILE"] == "main.yaml"


def test_its_workspace_leaves_no_directory_behind() -> None:
    with group.own_workspace("stage") as options:
        directory = Path(options.work_dir or "")
        assert directory.is_dir()
    assert not directory.exists()


def test_pulumis_advice_to_remove_a_stack_is_not_passed_on() -> None:
    report = RecordingReport()
    hear = group._Listener(report)
    for line in (
        " -  azure-native:containerinstance:ContainerGroup scoring deleted",
        "",
        "The resources in the stack have been deleted, but the history is still maintained. ",
        "If you want to remove the stack completely, run `pulumi stack rm stage`.",
    ):
        hear(line)
    assert hear.output == [" -  azure-native:containerinstance:ContainerGroup scoring deleted"]
