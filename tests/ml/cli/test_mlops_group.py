import os
from dataclasses import replace
from pathlib import Path
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
    name="scoring-stage",
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
    dns_label="scoring-stage-1234",
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
            "ipAddress": {"fqdn": "scoring.westeurope.azurecontainer.io", "ports": [], "type": "Public"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {}},
        }
        return f"{args.name}-id", {**args.inputs, **computed}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {}


def declared(spec: GroupSpec) -> dict[str, Any]:
    mocks = Mocks()
    pulumi.runtime.set_mocks(mocks, preview=False)

    @pulumi.runtime.test
    def run() -> None:
        group.declare(spec)

    run()
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


def test_a_public_group_has_a_label_and_a_private_one_a_subnet():
    public = declared(SPEC)
    private = declared(replace(SPEC, dns_label=None, subnet_id="/subnets/inference"))
    assert (public["ipAddress"]["type"], public["ipAddress"]["dnsNameLabel"]) == ("Public", SPEC.dns_label)
    assert "subnetIds" not in public
    assert private["ipAddress"]["type"] == "Private"
    assert private["subnetIds"] == [{"id": "/subnets/inference"}]


def test_another_address_after_a_restart_remakes_nothing(monkeypatch: pytest.MonkeyPatch):
    """What a refresh copies into the inputs of an unchanged private group is what the program ignores."""
    ignored: list[str] = []
    register = MockMonitor.RegisterResource

    def heard(monitor: MockMonitor, request: Any) -> Any:
        ignored.extend(request.ignoreChanges if "ContainerGroup" in request.type else [])
        return register(monitor, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", heard)
    inputs = declared(replace(SPEC, dns_label=None, subnet_id="/subnets/inference"))
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
        {"subnet_id": "/subnets/inference"},
        {"dns_label": None},
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
