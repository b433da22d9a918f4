"""Registered models without azure-ai-ml: how they are asked for, fetched and tagged."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from ml.azure import models, workspace
from ml.errors import MlopsError
from tests.ml.azure.fakes import OWN, PATH, Workspace

FILES = {"manifest.json": b"{}", "card/card.html": b"<html></html>"}


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Workspace:
    return Workspace().patched(monkeypatch)


def azure(there: Workspace) -> Any:
    estate = SimpleNamespace(
        subscription_id="s",
        resource_group="rg-stage",
        workspace="ws",
        environment="stage",
        datastore="estate",
    )
    settings = SimpleNamespace(training=SimpleNamespace(model_name="credit"))
    return SimpleNamespace(
        estate=estate, settings=settings, granted=lambda call, what: call(), container=there.container
    )


def test_the_newest_versions_are_asked_for_and_no_more_is_read(there: Workspace) -> None:
    for number in range(1, 6):
        there.version("credit", str(number), tags={"n": str(number)} if number > 4 else None)
    found = models.newest(azure(there), "credit", 2)
    assert [(one.reference, one.tags) for one in found] == [("credit:5", {"n": "5"}), ("credit:4", {})]
    assert there.asked == [
        (
            f"{PATH}/models/credit/versions",
            {"api-version": workspace.API, "listViewType": "ActiveOnly", "$orderBy": "createdtime desc"},
        )
    ]
    assert there.read_of_list == 2
    assert len(models.newest(azure(there), "credit")) == 5


def test_a_name_that_needs_it_is_quoted(there: Workspace) -> None:
    models.newest(azure(there), "a model/b", 1)
    assert there.asked[0][0] == f"{PATH}/models/a%20model%2Fb/versions"


@pytest.mark.parametrize(("reference", "version"), [("latest", "10"), ("credit:9", "9")])
def test_a_model_is_found_by_version_and_as_the_latest(
    there: Workspace, reference: str, version: str
) -> None:
    """Registered last is the latest, whatever the numbers say."""
    for one in ("9", "10"):
        there.version("credit", one, tags={"t": one}, properties={"p": one})
    found = models.find(azure(there), reference)
    assert (found.version, found.tags, found.properties) == (version, {"t": version}, {"p": version})


@pytest.mark.parametrize("reference", ["latest", "credit:7"])
def test_a_model_that_was_never_registered_is_named(there: Workspace, reference: str) -> None:
    version = reference.removeprefix("credit:")
    with pytest.raises(MlopsError, match=f"no registered model credit:{version} in ws") as caught:
        models.find(azure(there), reference)
    assert "train one" in caught.value.remedy


def test_no_model_of_the_name_is_named_as_well_and_another_refusal_is_none_of_it(
    there: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a name that was never used the list itself is a 404."""

    def refused(status: int) -> Any:
        def items(path: str, **query: str) -> Any:
            error = HttpResponseError("refused")
            error.status_code = status
            raise error

        return lambda azure, base: SimpleNamespace(items=items)

    monkeypatch.setattr(models, "Rest", refused(404))
    with pytest.raises(MlopsError, match="no registered model credit:latest"):
        models.find(azure(there), "latest")
    monkeypatch.setattr(models, "Rest", refused(500))
    with pytest.raises(HttpResponseError):
        models.find(azure(there), "latest")


def test_files_are_written_below_the_folder_and_no_others(there: Workspace, tmp_path: Path) -> None:
    """Those of another model whose folder's name begins the same are not this one's."""
    model = there.version("credit", "1", FILES)
    there.version("credit", "10", {"other.json": b"{}"})
    there.blobs |= {"uploads/credit-1": None, "uploads/credit-1/card": None}  # of a hierarchical namespace
    models.download(azure(there), model, tmp_path)
    found = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert found == FILES
    assert there.containers == [("ststage", "azureml")]


def test_a_model_of_one_file_keeps_its_name(there: Workspace, tmp_path: Path) -> None:
    model = there.version("credit", "1", modelUri=f"{OWN}uploads/model.onnx")
    there.blobs = {"uploads/model.onnx": b"1", "uploads/model.onnx.txt": b"2"}
    models.download(azure(there), model, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_a_short_address_and_one_with_a_slash_lead_to_the_same(there: Workspace, tmp_path: Path) -> None:
    uri = "azureml://datastores/store/paths/uploads/credit-1/"
    models.download(azure(there), there.version("credit", "1", FILES, modelUri=uri), tmp_path)
    assert (tmp_path / "manifest.json").is_file()


def test_a_file_whose_path_leads_out_is_refused(there: Workspace, tmp_path: Path) -> None:
    model = there.version("credit", "1", {"../../outside.json": b"{}"})
    with pytest.raises(MlopsError, match="leads out of its folder"):
        models.download(azure(there), model, tmp_path / "in")
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "azureml://jobs/j-1/outputs/artifacts/paths/model/",
        "azureml://subscriptions/s/resourceGroups/rg-stage/workspaces/other/datastores/store/paths/m",
        "https://account.blob.core.windows.net/models/m",
    ],
)
def test_files_that_are_elsewhere_are_refused_by_name(there: Workspace, uri: str, tmp_path: Path) -> None:
    with pytest.raises(MlopsError, match="no path in a datastore of ws") as caught:
        models.download(azure(there), there.version("credit", "1", modelUri=uri), tmp_path)
    assert (uri or "no address") in caught.value.problem


@pytest.mark.parametrize(
    ("kind", "words"), [(None, "has no datastore store"), ("AzureFile", "holds no blobs")]
)
def test_a_datastore_that_is_gone_or_holds_no_blobs_is_named(
    there: Workspace, kind: str | None, words: str, tmp_path: Path
) -> None:
    place = f"{PATH}/datastores/store"
    there.resources.pop(place)
    if kind:
        there.resources[place] = {"properties": {"datastoreType": kind}}
    with pytest.raises(MlopsError, match=words):
        models.download(azure(there), there.version("credit", "1"), tmp_path)


def test_tags_come_beside_those_of_now_and_all_else_stays(there: Workspace) -> None:
    """Somebody else's tag of meanwhile stays, an archived version stays archived."""
    model = there.version(
        "credit",
        "1",
        tags={"mine": "1"},
        properties={"evaluation": "{}"},
        description="d",
        modelType="custom_model",
        isArchived=True,
        stage=None,
        provisioningState="Succeeded",
    )
    there.tags("credit", "1")["theirs"] = "2"
    tagged = models.tag(azure(there), model, {"image": "sha256:1"})
    assert tagged.tags == there.tags("credit", "1") == {"mine": "1", "theirs": "2", "image": "sha256:1"}
    (body,) = there.put
    assert body["properties"] == {
        "description": "d",
        "isArchived": True,
        "modelType": "custom_model",
        "modelUri": model.uri,
        "properties": {"evaluation": "{}"},
        "tags": tagged.tags,
    }
    models.tag(azure(there), model, {"image": "sha256:1"})
    assert len(there.put) == 1


def test_tags_of_a_version_that_is_gone_are_not_written(there: Workspace) -> None:
    model = there.version("credit", "1")
    there.resources.clear()
    with pytest.raises(ResourceNotFoundError):
        models.tag(azure(there), model, {"image": "sha256:1"})
