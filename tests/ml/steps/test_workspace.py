"""Files of a workspace's datastores, as a step brings them there and back."""

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any, BinaryIO, Self

import pytest

from ml.steps.errors import StepError
from ml.steps.workspace import Workspace

STORE = {"properties": {"accountName": "st", "containerName": "blobs", "endpoint": "core.windows.net"}}


class Container:
    """Blobs by name; directories, as a hierarchical namespace lists them, are None."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def upload_blob(self, name: str, content: BinaryIO, overwrite: bool) -> None:
        assert overwrite  # a step may run again
        self.blobs[name] = content.read()

    def list_blobs(self, name_starts_with: str, include: list[str]) -> Iterator[Any]:
        for name, content in self.blobs.items():
            if name.startswith(name_starts_with):
                yield SimpleNamespace(
                    name=name, metadata={"hdi_isfolder": "true"} if content is None else None
                )

    def download_blob(self, name: str) -> Any:
        content = self.blobs[name]
        assert content is not None
        found: bytes = content

        def readinto(file: BinaryIO) -> int:
            return file.write(found)

        return SimpleNamespace(readinto=readinto)


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Container:
    made = Container()

    def connect(account: str, name: str, credential: None) -> Container:
        assert (account, name) == ("https://st.blob.core.windows.net", "blobs")
        return made

    monkeypatch.setattr("azure.storage.blob.ContainerClient", connect)
    return made


def workspace(store: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """One with one datastore, `store`; with None it has none."""
    made = Workspace(None, ("s", "rg", "ws"))

    def read(path: str) -> dict[str, Any] | None:
        return store if path == "datastores/store" else None

    monkeypatch.setattr(made, "read", read)
    return made


def test_what_was_uploaded_is_downloaded_again(
    container: Container, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = {"manifest.json": b"{}", "card/card.html": b"<html>"}
    for name, content in files.items():
        target = tmp_path / "model" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    made = workspace(STORE, monkeypatch)
    address = made.upload(tmp_path / "model", "store", "some/model")
    scope = "subscriptions/s/resourcegroups/rg/workspaces/ws"
    assert address == f"azureml://{scope}/datastores/store/paths/some/model"
    assert container.blobs == {f"some/model/{name}": content for name, content in files.items()}
    container.blobs |= {"some/model/card": None, "some/model-2/other": b"of another one"}
    made.download(address, tmp_path / "again")
    root = tmp_path / "again" / "model"
    found = {
        file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*") if file.is_file()
    }
    assert found == files


def test_files_are_sent_beside_one_another_and_one_that_is_not_taken_is_an_error(
    container: Container, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A fleet has thousands."""
    for number in range(4):
        (tmp_path / str(number)).write_text("x")
    together, keep = Barrier(2), container.upload_blob

    def upload(name: str, content: BinaryIO, overwrite: bool) -> None:
        together.wait(timeout=10)
        keep(name, content, overwrite)

    monkeypatch.setattr(container, "upload_blob", upload)
    made = workspace(STORE, monkeypatch)
    made.upload(tmp_path, "store", "fleet")
    assert sorted(container.blobs) == [f"fleet/{number}" for number in range(4)]

    def refused(name: str, content: BinaryIO, overwrite: bool) -> None:
        raise OSError(name)

    monkeypatch.setattr(container, "upload_blob", refused)
    with pytest.raises(OSError, match="fleet/"):
        made.upload(tmp_path, "store", "fleet")


def test_a_file_whose_name_leads_elsewhere_is_refused(
    container: Container, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    container.blobs["some/model/../../beside"] = b"x"
    made = workspace(STORE, monkeypatch)
    with pytest.raises(StepError, match=r"beside of .* would lie outside of its folder"):
        made.download("azureml://datastores/store/paths/some/model", tmp_path / "again")
    assert not list(tmp_path.rglob("beside"))


def test_an_address_whose_last_name_leads_elsewhere_is_refused(
    container: Container, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    container.blobs["some/../beside"] = b"x"
    made = workspace(STORE, monkeypatch)
    with pytest.raises(StepError, match="would lie outside of"):
        made.download("azureml://datastores/store/paths/some/..", tmp_path / "again")
    assert not list(tmp_path.rglob("beside"))


@pytest.mark.parametrize("address", ["", "https://host/some/model", "azureml:credit:1"])
def test_an_address_that_is_no_path_of_a_datastore_is_named(
    address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(StepError, match="no path of a datastore"):
        workspace(STORE, monkeypatch).download(address, tmp_path)


@pytest.mark.parametrize("store", [None, {"properties": {"accountName": "a", "fileShareName": "f"}}])
def test_a_datastore_without_blobs_is_named(
    store: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(StepError, match="datastore store is no container of blobs"):
        workspace(store, monkeypatch).download("azureml://datastores/store/paths/some/model", tmp_path)
