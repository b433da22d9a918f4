"""CI runners: off unless asked for; then machines that nothing comes in to, and that hold no secret."""

import base64
import copy
import json
from typing import Any

import pytest
import yaml

from infra.config import load
from infra.config_errors import ConfigError
from infra.estimate import estimate
from infra.runners.machine import Configuration
from infra.runners.software import RUNNER
from infra.stack_file import raw_settings
from tests.infra.recording import ROOT, Graph, record
from tests.infra.scenarios import MAX, maximal
from tests.infra.settings import settings_of

SET = "compute:VirtualMachineScaleSet"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return record(*maximal())


@pytest.fixture
def raw() -> dict[str, Any]:
    return copy.deepcopy(raw_settings(maximal()[1]))


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_no_estate_has_them_unless_it_asks(stack: str) -> None:
    assert settings_of(stack).runners is None


def test_machines_stand_in_their_subnet_without_a_public_address(graph: Graph) -> None:
    (made,) = graph.all(SET)
    profile = made.inputs["virtualMachineProfile"]
    (interface,) = profile["networkProfile"]["networkInterfaceConfigurations"]
    (configuration,) = interface["ipConfigurations"]
    assert configuration["subnet"] == {"id": "id of network-ci-runners"}
    assert "publicIPAddressConfiguration" not in configuration
    (group,) = graph.all("network:NetworkSecurityGroup", "network-ci-runners-nsg")
    inbound = [rule for rule in group.inputs["securityRules"] if rule["direction"] == "Inbound"]
    assert [rule["access"] for rule in inbound] == ["Deny"]


def test_they_may_sign_with_one_key_and_nothing_else(graph: Graph) -> None:
    mine = [
        made
        for made in graph.all("authorization:RoleAssignment")
        if made.inputs["principalId"] == "principal of identities-runners"
    ]
    assert [made.name for made in mine] == ["runners-key-vault-crypto-user-on-runner-key"]
    assert mine[0].inputs["scope"] == "id of vault/keys/github-runners"
    assert all(mine[0].name in made.depends_on for made in graph.all(SET))


def test_what_they_are_told_is_no_secret(graph: Graph) -> None:
    (made,) = graph.all(SET)
    data = base64.b64decode(made.inputs["virtualMachineProfile"]["osProfile"]["customData"]).decode()
    files = {file["path"]: file["content"] for file in json.loads(data.partition("\n")[2])["write_files"]}
    told = Configuration.read(files["/etc/estate-runner.json"])
    assert told.labels[-1] == "estate-stage"
    assert told.key.endswith(".vault.azure.net/keys/github-runners")
    assert (told.software, told.sha256) == (RUNNER.url, RUNNER.sha256)
    assert "PRIVATE KEY" not in data and "ghs_" not in data


def test_a_change_lets_machines_at_work_be(graph: Graph) -> None:
    """CI may be what runs `pulumi up`: no change of the machines' model reaches one by itself."""
    (made,) = graph.all(SET)
    assert made.inputs["upgradePolicy"] == {"mode": "Manual"}


def test_they_have_a_price(graph: Graph) -> None:
    lines = {line.what: line for line in estimate(graph).lines}
    assert lines["CI runners"].quantity == 2 and lines["CI runners"].usd
    assert lines["disks of CI runners"].usd


def test_an_alert_tells_that_one_is_gone(graph: Graph) -> None:
    (alert,) = [one for one in graph.all("monitor:MetricAlert") if one.name.endswith("runners-gone")]
    assert alert.inputs["scopes"] == ["id of runners"]
    # A restart between jobs is no alarm, and one machine that is gone is not made good by the other.
    (criterion,) = alert.inputs["criteria"]["allOf"]
    assert (criterion["timeAggregation"], criterion["operator"], criterion["threshold"]) == (
        "Maximum",
        "LessThan",
        1,
    )
    assert criterion["dimensions"] == [{"name": "VMName", "operator": "Include", "values": ["*"]}]


@pytest.mark.parametrize(
    ("change", "setting", "advice"),
    [
        ({"sshKey": "ssh-dss AAAA"}, "runners.sshKey", "write a public SSH key of one line"),
        ({"sshKey": "-----BEGIN OPENSSH PRIVATE KEY-----"}, "runners.sshKey", "write a public SSH key"),
        ({"sshKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"}, "runners.sshKey", "copy the whole line"),
        ({"sshKey": "ssh-ed25519 A"}, "runners.sshKey", "copy the whole line"),
        (
            {"sshKey": f"ssh-rsa {MAX['runners']['sshKey'].split()[1]}"},
            "runners.sshKey",
            "another kind's",
        ),
        ({"sshKey": 12}, "runners.sshKey", "write a public SSH key"),
        ({"count": 0}, "runners.count", "1"),
        ({"repository": "estate"}, "runners.repository", ""),
        ({"vmSize": "Standard_DS3_v2"}, "runners.vmSize", "Azure retires"),
    ],
)
def test_wrong_settings_are_named(
    raw: dict[str, Any], change: dict[str, Any], setting: str, advice: str
) -> None:
    raw["runners"] |= change
    with pytest.raises(ConfigError) as refused:
        load(raw, "stage")
    (problem,) = [str(one) for one in refused.value.problems]
    assert problem.startswith(f"{setting} is ") and advice in problem


def test_a_short_rsa_key_is_refused_before_azure_refuses_it(raw: dict[str, Any]) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    for bits, right in ((1024, False), (2048, True)):
        public = rsa.generate_private_key(65537, bits).public_key()
        raw["runners"]["sshKey"] = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        if right:
            assert load(raw, "stage").runners
        else:
            with pytest.raises(ConfigError, match="shorter than 2048 bits"):
                load(raw, "stage")


def test_they_need_their_subnet(raw: dict[str, Any]) -> None:
    raw["outbound"]["subnets"].pop("ciRunners")
    del raw["network"]["subnets"]["ciRunners"]
    with pytest.raises(ConfigError, match=r"network.subnets.ciRunners is not set: runners need a subnet"):
        load(raw, "stage")


def test_a_rollback_does_not_wait_for_the_canary_that_it_is_to_end(raw: dict[str, Any]) -> None:
    """Both are jobs of the same label, at the same time, and a machine has one job at a time."""
    del raw["runners"]["count"]
    runners = load(raw, "stage").runners
    jobs = [
        yaml.safe_load((ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text())["jobs"][job]
        for workflow, job in (("release", "promote"), ("rollback", "rollback"))
    ]
    assert len({tuple(job["runs-on"]) for job in jobs}) == 1
    assert runners and runners.count >= len(jobs)


def test_they_fit_into_it(raw: dict[str, Any]) -> None:
    """The smallest that is taken, a /28, has eleven addresses, and at most ten machines are."""
    raw["runners"]["count"] = 10
    raw["network"]["subnets"]["ciRunners"] = "10.20.3.128/28"
    assert load(raw, "stage").runners
