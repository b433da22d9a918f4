"""The doctor's questions, answered by the control plane of an emulator in this process."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import HttpResponseError

from emulator.app import Emulator
from emulator.identity.directory import SIGNED_IN
from emulator.principal import Principal
from infra.config import load
from ml.azure.rest import Rest
from ml.doctor import checks, features, gateway, providers, quota, ranges, rights, sign_in, taken
from ml.doctor.findings import Finding, State
from ml.doctor.subject import Subject, answered
from tests.emulator.core.conftest import Client
from tests.emulator.homes import started_once
from tests.infra.settings import raw_settings
from tests.ml.cli.mlops_fakes import RecordingReport


class Asked(Rest):
    """The management client, which asks the emulator of the test without a network between."""

    def __init__(self, client: Client) -> None:
        self._ask = client

    def _send(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        path = path.removeprefix("https://management.azure.com")
        separator = "&" if "?" in path else "?"
        words = "&".join(f"{key}={value}" for key, value in query.items())
        answer = self._ask(method, f"{path}{separator}{words}" if words else path, body)
        if answer.status >= 400:
            error = HttpResponseError(answer.body.decode())
            error.status_code = answer.status
            raise error
        return json.loads(answer.body)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = Emulator(started_once(tmp_path_factory.mktemp("doctor") / "home"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def nobody(emulator: Emulator) -> Principal:
    """Someone who can sign in and holds no role."""
    return Client(emulator).identity("nobody")


@pytest.fixture
def raw() -> dict[str, Any]:
    return raw_settings("stage")


def subject(
    emulator: Emulator, raw: dict[str, Any], who: Principal = SIGNED_IN, stack: str = "stage"
) -> Subject:
    made = Subject(load(raw, stack), Credential())
    made.__dict__["management"] = Asked(Client(emulator, who))  # the cached property's own place
    return made


class Credential(TokenCredential):
    """Never asked: the stand-in of the client signs in by itself."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        raise AssertionError(f"a token for {scopes} was asked for")


def told(findings: list[Finding]) -> dict[State, str]:
    return {finding.state: f"{finding.said} -> {finding.remedy}" for finding in findings}


def test_a_right_caller_is_signed_in(emulator: Emulator, raw: dict[str, Any]) -> None:
    assert set(told(sign_in.check(subject(emulator, raw)))) == {State.OK}


def test_a_wrong_tenant_is_named(emulator: Emulator, raw: dict[str, Any]) -> None:
    raw["azure"]["tenantId"] = "11111111-0000-4000-8000-00000000000a"
    found = told(sign_in.check(subject(emulator, raw)))
    assert "the settings say 11111111" in found[State.FAILED]


def test_a_subscription_that_is_not_there_ends_the_examination(
    emulator: Emulator, raw: dict[str, Any]
) -> None:
    raw["azure"]["subscriptionId"] = "11111111-0000-4000-8000-00000000000c"
    found = checks.examine(subject(emulator, raw), RecordingReport())
    assert [one.check for one in found if one.state is State.FAILED] == [sign_in.TITLE]
    assert {one.check for one in found} == {"tools", sign_in.TITLE}


def test_an_owner_has_every_right_and_nobody_has_none(
    emulator: Emulator, raw: dict[str, Any], nobody: Principal
) -> None:
    raw["protectData"] = True
    assert set(told(rights.check(subject(emulator, raw)))) == {State.OK}
    lacking = rights.check(subject(emulator, raw, nobody))
    assert [one.state for one in lacking] == [State.FAILED] * len((*rights.RIGHTS, rights.LOCKS))
    assert any("roleAssignments/write" in one.said for one in lacking)


def test_every_needed_type_is_offered(emulator: Emulator, raw: dict[str, Any]) -> None:
    assert set(told(providers.check(subject(emulator, raw)))) == {State.OK}


def test_names_are_free_then_ours_then_held_by_what_was_deleted(
    emulator: Emulator, raw: dict[str, Any]
) -> None:
    me = subject(emulator, raw)
    assert set(told(taken.check(me))) == {State.OK}
    client, vault = Client(emulator), me.names.of("key_vault")
    path = f"{me.group}/providers/Microsoft.KeyVault/vaults/{vault}"
    client.ok("PUT", me.group, {"location": me.location})
    properties = {"tenantId": raw["azure"]["tenantId"], "sku": {"family": "A", "name": "standard"},
                  "enableRbacAuthorization": True}  # fmt: skip
    client.ok("PUT", path, {"location": me.location, "properties": properties})
    assert any(f"{vault} is this estate's own" in one.said for one in taken.check(me))
    client.ok("DELETE", path)
    held = told(taken.check(me))[State.FAILED]
    assert vault in held and "recoverKeyVault=true" in held
    raw["recoverKeyVault"] = True
    assert set(told(taken.check(subject(emulator, raw)))) == {State.OK, State.WARNING}


def test_a_workspace_that_was_deleted_may_hold_its_name(emulator: Emulator, raw: dict[str, Any]) -> None:
    me, client = subject(emulator, raw), Client(emulator)
    name = me.names.of("workspace")
    client.ok("PUT", me.group, {"location": me.location})
    path = f"{me.group}/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    assert any(f"{name} can be made" in one.said for one in taken.workspace(me))
    emulator.arm.store.put_document("activity", "0", {
        "id": path, "type": "Microsoft.MachineLearningServices/workspaces", "at": time.time() - 86400,
    })  # fmt: skip
    found = told(taken.workspace(me))[State.WARNING]
    assert name in found and "mlops undeploy --workspace" in found


def test_the_activity_log_tells_of_a_deletion(emulator: Emulator, raw: dict[str, Any]) -> None:
    me, client = subject(emulator, raw), Client(emulator)
    group = f"{me.subscription}/resourceGroups/passing"
    client.ok("PUT", group, {"location": me.location})
    client.ok("DELETE", group)
    values = f"{me.subscription}/providers/Microsoft.Insights/eventtypes/management/values"
    wanted = f"eventTimestamp ge '2026-01-01T00:00:00Z' and resourceUri eq '{group}'"
    (event,) = client.ok("GET", f"{values}?$filter={wanted}")["value"]
    assert (event["resourceId"], event["status"]["value"]) == (group, "Succeeded")
    assert client.refused("GET", f"{values}?$filter=caller eq 'me'")[0] == 400


def test_a_name_that_another_estate_has_is_named(emulator: Emulator, raw: dict[str, Any]) -> None:
    me = subject(emulator, raw)
    client, name = Client(emulator), me.names.of("registry")
    other = f"{me.subscription}/resourceGroups/other"
    client.ok("PUT", other, {"location": me.location})
    body = {"location": me.location, "sku": {"name": "Premium"}}
    client.ok("PUT", f"{other}/providers/Microsoft.ContainerRegistry/registries/{name}", body)
    found = told(taken.check(me))[State.FAILED]
    assert name in found and "mlops-estate:project" in found


def test_a_network_that_overlaps_is_a_warning(emulator: Emulator, raw: dict[str, Any]) -> None:
    me = subject(emulator, raw)
    assert set(told(ranges.check(me))) == {State.OK}
    client, group = Client(emulator), f"{me.subscription}/resourceGroups/hub"
    client.ok("PUT", group, {"location": me.location})
    space = {"addressSpace": {"addressPrefixes": ["10.20.128.0/17"]}}
    path = f"{group}/providers/Microsoft.Network/virtualNetworks/hub"
    client.ok("PUT", path, {"location": me.location, "properties": space})
    found = told(ranges.check(me))[State.WARNING]
    assert "10.20.128.0/17 of hub" in found
    client.ok("DELETE", path)


def test_a_question_that_is_refused_is_unknown_and_never_well(
    emulator: Emulator, raw: dict[str, Any], nobody: Principal
) -> None:
    me = subject(emulator, raw, nobody)
    found = answered(taken.TITLE, taken.check, me)
    assert [one.state for one in found] == [State.UNKNOWN]
    assert "403" in found[0].said and "Reader" in found[0].remedy


def test_kubernetes_is_held_to_the_quota_of_machines(emulator: Emulator) -> None:
    raw = raw_settings("prod")
    found = quota.check(subject(emulator, raw, stack="prod"))
    assert {one.state for one in found} == {State.OK}
    assert any("kubernetes.userNodes.vmSize" in one.said for one in found)
    raw["kubernetes"]["userNodes"]["maxNodes"] = 100
    assert State.FAILED in told(quota.check(subject(emulator, raw, stack="prod")))


def test_the_clusters_nodes_encrypt_where_the_subscription_is_registered(
    emulator: Emulator, raw: dict[str, Any]
) -> None:
    """Stage has no cluster, and nothing is asked; what the doctor says is what Azure would refuse."""
    assert features.check(subject(emulator, raw)) == []
    me, client = subject(emulator, raw_settings("prod"), stack="prod"), Client(emulator)
    assert set(told(features.check(me))) == {State.OK}
    path = f"{me.subscription}/providers/Microsoft.Features/providers/Microsoft.Compute/features"
    client.ok("POST", f"{path}/EncryptionAtHost/unregister")
    assert "az feature register --namespace Microsoft.Compute" in told(features.check(me))[State.FAILED]
    pool = {"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D2ds_v5"}
    group = f"{me.subscription}/resourceGroups/encrypted"
    client.ok("PUT", group, {"location": me.location})
    body = {
        "location": me.location,
        "identity": {"type": "SystemAssigned"},
        "properties": {"dnsPrefix": "x", "agentPoolProfiles": [{**pool, "enableEncryptionAtHost": True}]},
    }
    cluster = f"{group}/providers/Microsoft.ContainerService/managedClusters/encrypted"
    refused = client.refused("PUT", cluster, body)
    assert refused[1:] == (
        "SubscriptionNotEnabledEncryptionAtHost",
        "Subscription does not enable EncryptionAtHost.",
    )
    client.ok("POST", f"{path}/EncryptionAtHost/register")
    assert set(told(features.check(me))) == {State.OK}
    assert client.refused("GET", f"{path}/Unknown")[1] == "FeatureNotFound"


def test_a_private_gateway_takes_two_passes_and_a_deleted_one_holds_its_name(emulator: Emulator) -> None:
    raw = raw_settings("prod")
    me, client = subject(emulator, raw, stack="prod"), Client(emulator)
    assert "openGateway=true" in told(gateway.check(me))[State.WARNING]
    client.ok("PUT", me.group, {"location": me.location})
    path = f"{me.group}/providers/Microsoft.ApiManagement/service/{me.names.of('gateway')}"
    body = {
        "location": me.location,
        "sku": {"name": "StandardV2", "capacity": 1},
        "properties": {"publisherName": "a", "publisherEmail": "a@example.com"},
    }
    client.ok("PUT", path, body)
    assert "Shut it" in told(gateway.check(me))[State.WARNING]
    assert "mlops key" not in told(gateway.check(me))[State.WARNING]
    value = {"displayName": "backend-key", "value": "unreleased", "secret": False}
    client.ok("PUT", f"{path}/namedValues/backend-key", {"properties": value})
    assert "mlops key --env prod" in told(gateway.check(me))[State.WARNING]
    client.ok("DELETE", path)
    assert "recoverGateway=true" in told(gateway.check(me))[State.FAILED]


def test_without_a_gateway_nothing_is_said_of_it(emulator: Emulator, raw: dict[str, Any]) -> None:
    del raw["gateway"]
    assert gateway.check(subject(emulator, raw)) == []
