"""Versions and their containers, upload places, datastores, workspaces, clusters."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from emulator.arm.service import Action
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request
from emulator.machinelearning.assets import pending_upload
from emulator.machinelearning.computes import duration_seconds
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab

Json = dict[str, Any]
PATHS = "azureml://datastores/workspaceblobstore/paths"


def data(lab: Lab, name: str, version: str, path: str = "a", **properties: Any) -> Json:
    body = {"dataType": "uri_folder", "dataUri": f"{PATHS}/{path}", **properties}
    return lab.write(f"{estate.WORKSPACE}/data/{name}/versions/{version}", {"properties": body})


def test_container_knows_latest_and_next_version(lab: Lab) -> None:
    for version in ("1", "7", "2024-01-01", "3"):
        data(lab, "rows", version)
    container = lab.get("data", "rows")["properties"]
    assert (container["latestVersion"], container["nextVersion"]) == ("3", "8")
    data(lab, "rows", "7", description="again")
    assert lab.get("data", "rows")["properties"]["latestVersion"] == "3"
    newest = lab.emulator.arm.list(
        f"{estate.WORKSPACE}/data/rows/versions", {"$orderby": "createdtime desc", "$top": "1"}
    )
    assert [item["name"] for item in newest] == ["3"]


def test_content_of_a_version_never_changes(lab: Lab) -> None:
    data(lab, "rows", "1", tags={"a": "1"})
    assert data(lab, "rows", "1", tags={"a": "2"})["properties"]["tags"] == {"a": "2"}
    with pytest.raises(AzureError, match="Asset paths cannot be updated") as caught:
        data(lab, "rows", "1", path="b")
    assert caught.value.status == 409
    with pytest.raises(AzureError, match="environments/plain version 1 exists with another image"):
        lab.write(
            estate.ENVIRONMENT, {"properties": {"image": "other", "condaFile": "dependencies: [python]\n"}}
        )


def test_code_is_found_by_its_hash_under_any_name(lab: Lab) -> None:
    def code(name: str, place: str, digest: str) -> Json:
        uri = f"https://{estate.ACCOUNT_NAME}.blob.core.windows.net/{place}/src"
        body = {"codeUri": uri, "properties": {"hash_sha256": digest}}
        return lab.write(f"{estate.WORKSPACE}/codes/{name}/versions/1", {"properties": body})

    code("one", "c1", "aa")
    code("two", "c2", "bb")
    found = lab.emulator.arm.list(f"{estate.WORKSPACE}/codes/new-name/versions", {"hash": "bb"})
    assert [item["properties"]["codeUri"].split("/")[3] for item in found] == ["c2"]
    assert lab.emulator.arm.list(f"{estate.WORKSPACE}/codes/new-name/versions", {"hash": "cc"}) == []
    assert code("one", "c3", "aa")["properties"]["codeUri"].split("/")[3] == "c1"
    with pytest.raises(AzureError, match="Asset paths cannot be updated"):
        code("one", "c3", "dd")


def test_archived_versions_are_left_out_of_lists(lab: Lab) -> None:
    data(lab, "rows", "1")
    data(lab, "rows", "2", isArchived=True)
    collection = f"{estate.WORKSPACE}/data/rows/versions"
    names = {
        view: [item["name"] for item in lab.emulator.arm.list(collection, {"listviewtype": view})]
        for view in ("ActiveOnly", "ArchivedOnly", "All")
    }
    assert names == {"ActiveOnly": ["1"], "ArchivedOnly": ["2"], "All": ["1", "2"]}


def test_anonymous_components_are_left_out_of_lists(lab: Lab) -> None:
    lab.component("azureml_anonymous", "true")
    lab.component("named", "true")
    assert [item["name"] for item in lab.emulator.arm.list(f"{estate.WORKSPACE}/components")] == ["named"]


@pytest.mark.parametrize(
    ("collection", "properties", "message"),
    [
        ("data", {"dataType": "uri_file"}, r"data/odd version 1 needs dataUri"),
        (
            "data",
            {"dataType": "uri_file", "dataUri": "azureml://datastores/no/paths/x"},
            r"no datastore of that name",
        ),
        ("data", {"dataType": "uri_file", "dataUri": "https://example.org/x"}, r"only blob storage"),
        ("models", {"modelUri": "azureml://jobs/none/outputs/model"}, r"has no such job"),
        ("components", {}, r"components/odd version 1 needs componentSpec"),
    ],
)
def test_wrong_asset_is_refused(lab: Lab, collection: str, properties: Json, message: str) -> None:
    with pytest.raises(AzureError, match=message):
        lab.write(f"{estate.WORKSPACE}/{collection}/odd/versions/1", {"properties": properties})


def test_upload_place_works_without_account_keys(lab: Lab) -> None:
    """The address is a user delegation SAS: it names who signed, and the blob service takes it."""
    answer = pending_upload(lab.emulator.arm, lab.emulator.blobs, f"{estate.WORKSPACE}/codes/new/versions/1")
    uri = answer["blobReferenceForConsumption"]["credential"]["sasUri"]
    query = parse_qs(urlsplit(uri).query)
    assert query["skoid"] and query["sr"] == ["c"]
    host, path = urlsplit(uri).hostname or "", urlsplit(uri).path
    handler = lab.emulator.hosts.handler(host)
    assert handler is not None
    put = Request(
        "PUT", host, f"{path}/src/main.py", f"{path}/src/main.py",
        {key: value[0] for key, value in query.items()},
        {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2024-11-04", "content-length": "2"}, b"hi",
    )  # fmt: skip
    assert handler(put).status == 201
    assert lab.emulator.blobs.read(estate.ACCOUNT_NAME, path.lstrip("/"), "src/main.py") == b"hi"


def test_workspace_is_filled_and_stands_on_what_exists(lab: Lab) -> None:
    properties = lab.emulator.arm.get(estate.WORKSPACE)["properties"]
    assert properties["discoveryUrl"] == "https://westeurope.api.azureml.ms/discovery"
    assert properties["mlFlowTrackingUri"].startswith(
        "azureml://westeurope.api.azureml.ms/mlflow/v1.0/subscriptions/"
    )
    again = lab.write(estate.WORKSPACE, estate.workspace_body())["properties"]
    assert again["workspaceId"] == properties["workspaceId"]
    with pytest.raises(AzureError, match="needs keyVault"):
        lab.write(f"{estate.WORKSPACE}-2", estate.workspace_body(keyVault=None))
    with pytest.raises(AzureError, match="was not found"):
        lab.write(f"{estate.WORKSPACE}-2", estate.workspace_body(keyVault=f"{estate.VAULT}x"))
    with pytest.raises(
        AzureError, match=r"refuses shared keys .* Set systemDatastoresAuthMode to 'Identity'"
    ):
        lab.write(f"{estate.WORKSPACE}-2", estate.workspace_body("AccessKey"))


def test_system_datastores_hold_no_credential_when_reached_by_identity(lab: Lab) -> None:
    stores = {
        item["name"]: item["properties"] for item in lab.emulator.arm.list(f"{estate.WORKSPACE}/datastores")
    }
    assert {"workspaceblobstore", "workspaceartifactstore"} <= stores.keys()
    assert {store["credentials"]["credentialsType"] for store in stores.values()} == {"None"}
    default = lab.emulator.arm.list(f"{estate.WORKSPACE}/datastores", {"isdefault": "true"})
    assert [item["name"] for item in default] == ["workspaceblobstore"]
    with pytest.raises(AzureError, match="identity-based and has no secrets"):
        lab.emulator.arm.act(
            Action(f"{estate.WORKSPACE}/datastores/workspaceblobstore", "listSecrets", {}, {}, {}, None)
        )


def test_secret_of_a_datastore_is_kept_out_of_its_resource(lab: Lab) -> None:
    body = {
        "datastoreType": "AzureBlob",
        "accountName": estate.ACCOUNT_NAME,
        "containerName": "azureml",
        "credentials": {"credentialsType": "Sas", "secrets": {"secretsType": "Sas", "sasToken": "sv=secret"}},
    }
    shown = lab.write(f"{estate.WORKSPACE}/datastores/extra", {"properties": body})
    assert "secret" not in str(shown["properties"]["credentials"])
    asked = Action(f"{estate.WORKSPACE}/datastores/extra", "listSecrets", {}, {}, {}, None)
    assert lab.emulator.arm.act(asked)["sasToken"] == "sv=secret"
    with pytest.raises(AzureError, match="accountName is 'stnone', which does not exist"):
        lab.write(f"{estate.WORKSPACE}/datastores/other", {"properties": {**body, "accountName": "stnone"}})
    with pytest.raises(NotEmulated, match="datastores of type AzureDataLakeGen1"):
        lab.write(
            f"{estate.WORKSPACE}/datastores/other",
            {"properties": {**body, "datastoreType": "AzureDataLakeGen1"}},
        )


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        ({"maxNodeCount": None}, r"scaleSettings.maxNodeCount is None"),
        (
            {"maxNodeCount": 1, "minNodeCount": 2},
            r"scaleSettings.minNodeCount is 2; it must be between 0 and maxNode",
        ),
        (
            {"nodeIdleTimeBeforeScaleDown": "2 minutes"},
            r"nodeIdleTimeBeforeScaleDown is '2 minutes'; give an ISO",
        ),
    ],
)
def test_scale_settings_are_checked(lab: Lab, scale: Json, message: str) -> None:
    with pytest.raises(AzureError, match=message):
        lab.write(f"{estate.WORKSPACE}/computes/other", estate.compute_body(**scale))


def test_vm_size_of_a_cluster_cannot_change_but_its_scale_can(lab: Lab) -> None:
    changed = estate.compute_body(maxNodeCount=9)
    assert (
        lab.write(estate.COMPUTE, changed)["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 9
    )
    changed["properties"]["properties"]["vmSize"] = "Standard_E4s_v3"
    with pytest.raises(AzureError, match="vmSize is 'Standard_E4s_v3'; it cannot be changed"):
        lab.write(estate.COMPUTE, changed)


@pytest.mark.parametrize(
    ("text", "seconds"), [("PT2M", 120), ("PT1H30M", 5400), ("P1DT1S", 86401), ("PT0.5S", 0.5)]
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "2M", "PTM"])
def test_wrong_durations(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        duration_seconds(text)


class Killed(BaseException):
    """Nothing after this runs, as after SIGKILL."""


def test_a_kill_leaves_no_workspace_without_datastores_and_no_version_uncounted(lab: Lab) -> None:
    def killed(_: object) -> None:
        raise Killed

    lab.emulator.arm.after_put("Microsoft.MachineLearningServices/workspaces")(killed)
    with pytest.raises(Killed):
        lab.write(f"{estate.WORKSPACE}-2", estate.workspace_body())
    names = [item["name"] for item in lab.emulator.arm.list(f"{estate.WORKSPACE}-2/datastores")]
    assert "workspaceblobstore" in names and "workspaceartifactstore" in names
    lab.emulator.arm.after_put("Microsoft.MachineLearningServices/workspaces/data/versions")(killed)
    with pytest.raises(Killed):
        data(lab, "rows", "4")
    assert lab.get("data", "rows")["properties"]["latestVersion"] == "4"
