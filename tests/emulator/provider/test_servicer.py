"""The protocol, message by message, as the engine speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from emulator.provider.servicer import Provider
from emulator.provider.values import UNKNOWN, Secret, decode_fields, encode_fields
from tests.emulator.provider.fake_azure import GROUP, SUBSCRIPTION, FakeAzure

ACCOUNT_ID = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/account1"
URN = "urn:pulumi:stage::estate::azure-native:storage:StorageAccount::store"
INPUTS: dict[str, Any] = {
    "resourceGroupName": "rg",
    "accountName": "account1",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "location": "westeurope",
}


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/pulumi/state")
    for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"AZURE_{name}", name)
    return tmp_path


@pytest.fixture
def stub(environment: Path, azure: FakeAzure) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """A provider behind a real channel, not configured yet."""
    from concurrent import futures

    server = grpc.server(futures.ThreadPoolExecutor(4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(environment, transport=azure), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(0)


@pytest.fixture
def provider(stub: Any) -> Any:
    variables = {"azure-native:config:subscriptionId": SUBSCRIPTION}
    answer = stub.Configure(provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True))
    assert answer.acceptSecrets
    assert answer.supportsPreview
    assert answer.acceptOutputs
    assert answer.supports_autonaming_configuration
    return stub


def message(**values: Any) -> struct_pb2.Struct:
    return encode_fields(values)


def test_the_plugin_says_which_sdk_it_is_for(stub: Any) -> None:
    from emulator.provider.schema_cache import sdk_version

    assert stub.GetPluginInfo(empty_pb2.Empty()).version == (sdk_version())


def test_a_foreign_state_is_refused_before_anything_else(stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
    checked = stub.CheckConfig(provider_pb2.CheckRequest(urn=URN, news=message(subscriptionId="s")))
    assert "serves no other state" in checked.failures[0].reason
    with pytest.raises(grpc.RpcError) as caught:
        stub.Configure(provider_pb2.ConfigureRequest(variables={"azure-native:config:subscriptionId": "s"}))
    assert "serves no other state" in str(caught.value.details())


def test_check_fills_in_and_refuses_without_naming_a_property(provider: Any) -> None:
    news = message(**{**INPUTS, "knd": "x", "isHnsEnabled": Secret("topsecret")})
    answer = provider.Check(provider_pb2.CheckRequest(urn=URN, news=news))
    assert [failure.property for failure in answer.failures] == ["", ""]
    reasons = " ".join(failure.reason for failure in answer.failures)
    assert "did you mean 'kind'?" in reasons
    assert "topsecret" not in reasons
    good = provider.Check(provider_pb2.CheckRequest(urn=URN, news=message(**INPUTS)))
    assert decode_fields(good.inputs) == INPUTS
    assert not good.failures


def test_check_of_a_type_that_is_not_emulated(provider: Any) -> None:
    urn = "urn:pulumi:stage::estate::parent$azure-native:search:Service::search"
    answer = provider.Check(provider_pb2.CheckRequest(urn=urn, news=message(resourceGroupName="rg")))
    assert "add one row" in answer.failures[0].reason


def test_diff_says_what_changes_and_how(provider: Any) -> None:
    def diff(**news: Any) -> Any:
        return provider.Diff(
            provider_pb2.DiffRequest(
                urn=URN, id=ACCOUNT_ID, old_inputs=message(**INPUTS), news=message(**news)
            )
        )

    assert diff(**INPUTS).changes == provider_pb2.DiffResponse.DIFF_NONE
    update = diff(**{**INPUTS, "tags": {"a": "b"}})
    assert update.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(update.diffs) == ["tags"]
    assert not update.replaces
    replace = diff(**{**INPUTS, "accountName": "account2"})
    assert list(replace.replaces) == ["accountName"]
    assert replace.deleteBeforeReplace
    assert replace.detailedDiff["accountName"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    random = diff(**{**INPUTS, "accountName": "account2", "__createBeforeDelete": True})
    assert not random.deleteBeforeReplace


def test_a_preview_creates_nothing_and_knows_no_computed_output(provider: Any, azure: FakeAzure) -> None:
    properties = message(**{**INPUTS, "identity": {"type": "SystemAssigned"}, "tags": Secret({"a": "b"})})
    answer = provider.Create(provider_pb2.CreateRequest(urn=URN, properties=properties, preview=True))
    outputs = decode_fields(answer.properties)
    assert answer.id == ""
    assert outputs["identity"]["principalId"] is UNKNOWN
    assert outputs["primaryEndpoints"] is UNKNOWN
    assert outputs["tags"] == Secret({"a": "b"})
    assert azure.calls == []


def test_the_life_of_a_resource(provider: Any, azure: FakeAzure) -> None:
    created = provider.Create(provider_pb2.CreateRequest(urn=URN, properties=message(**INPUTS)))
    assert created.id == ACCOUNT_ID
    news = message(**{**INPUTS, "tags": {"a": Secret("b")}})
    update = provider_pb2.UpdateRequest(urn=URN, id=ACCOUNT_ID, olds=created.properties, news=news)
    update.old_inputs.CopyFrom(message(**INPUTS))
    update.preview = True
    assert decode_fields(provider.Update(update).properties)["tags"] == {"a": Secret("b")}
    update.preview = False
    updated = provider.Update(update)
    assert decode_fields(updated.properties)["tags"] == {"a": Secret("b")}
    read = provider_pb2.ReadRequest(urn=URN, id=ACCOUNT_ID, inputs=news, properties=updated.properties)
    assert decode_fields(provider.Read(read).inputs) == {**INPUTS, "tags": {"a": Secret("b")}}
    provider.Delete(provider_pb2.DeleteRequest(urn=URN, id=ACCOUNT_ID, properties=updated.properties))
    assert provider.Read(read).id == ""


def test_a_failed_provisioning_reaches_the_state(provider: Any, azure: FakeAzure) -> None:
    azure.computed = {"provisioningState": "Failed"}
    with pytest.raises(grpc.RpcError) as caught:
        provider.Create(provider_pb2.CreateRequest(urn=URN, properties=message(**INPUTS)))
    metadata: dict[str, Any] = dict(cast(Any, caught.value).trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    content: any_pb2.Any = status.details[0]
    assert content.Unpack(detail)
    assert detail.id == ACCOUNT_ID
    assert decode_fields(detail.properties)["kind"] == "StorageV2"


def test_errors_are_azures_own_words(provider: Any, azure: FakeAzure) -> None:
    azure.store(ACCOUNT_ID, {})
    with pytest.raises(grpc.RpcError) as caught:
        provider.Create(provider_pb2.CreateRequest(urn=URN, properties=message(**INPUTS)))
    assert caught.value.code() == grpc.StatusCode.UNKNOWN
    assert "cannot create already existing resource" in str(caught.value.details())


def test_functions_answer_or_are_refused(provider: Any) -> None:
    token = "azure-native:authorization:getClientConfig"
    answer = provider.Invoke(provider_pb2.InvokeRequest(tok=token))
    assert decode_fields(getattr(answer, "return"))["objectId"] == "object"
    refused = provider.Invoke(provider_pb2.InvokeRequest(tok="azure-native:search:getService"))
    assert "is not emulated" in refused.failures[0].reason


def test_the_package_schema_has_every_catalogued_resource(stub: Any) -> None:
    import json

    from emulator.arm.catalog import ROWS

    schema = json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert {f"azure-native:{token}" for row in ROWS for token in row.tokens} == schema["resources"].keys()
    account = schema["resources"]["azure-native:storage:StorageAccount"]
    assert set(account["requiredInputs"]) == {"kind", "resourceGroupName", "sku"}
    references = {ref["$ref"] for ref in _references(schema)}
    local = {ref.removeprefix("#/types/") for ref in references if ref.startswith("#/types/")}
    assert local <= schema["types"].keys()


def _references(value: Any) -> Iterator[dict[str, str]]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
