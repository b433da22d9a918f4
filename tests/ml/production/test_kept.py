"""State and lease as blobs, against the Blob service of loopback with azure-storage-blob."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from azure.storage.blob import BlobLeaseClient, BlobServiceClient, ContainerClient

from emulator.identity.directory import ENGINEERS
from ml.errors import MlopsError
from ml.production.errors import Overtaken
from ml.production.lease import PromotersLease
from ml.production.state import Entry, Serving, State
from ml.production.store import BlobStore
from tests.emulator.storage import estate
from tests.emulator.storage.conftest import URL
from tests.emulator.storage.transport import Credential, transport
from tests.ml.production.azures import azure

SERVES = Serving(revision="rev-1", release="r-1", since=1.5, by="somebody")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobServiceClient]:
    emulator = estate.start(Path(tmp_path_factory.mktemp("storage")))
    estate.account(emulator, allowSharedKeyAccess=False)
    estate.grant(emulator, ENGINEERS, estate.CONTRIBUTOR)
    yield BlobServiceClient(URL, Credential(emulator), transport=transport(emulator), retry_total=0)
    emulator.close()


@pytest.fixture
def container(account: BlobServiceClient, request: pytest.FixtureRequest) -> ContainerClient:
    return account.create_container(request.node.name.replace("_", "-")[:60].strip("-"))


def store(container: ContainerClient) -> BlobStore:
    return BlobStore(azure(), container.get_blob_client("state.json"))


def lease(container: ContainerClient, renewal: float = 15.0) -> PromotersLease:
    return PromotersLease(azure(), container.get_blob_client("lease.json"), renewal)


def test_the_state_is_what_was_written(container: ContainerClient) -> None:
    kept = store(container)
    assert kept.read() == State()
    written = State(serving=SERVES).told(Entry(at=1.0, what="begun", release="r-1", by="somebody"))
    kept.write(written)
    kept.write(written.changed(previous=SERVES))
    assert store(container).read() == written.changed(previous=SERVES)


def test_who_read_before_another_wrote_is_refused(container: ContainerClient) -> None:
    one, other = store(container), store(container)
    one.read()
    other.read()
    other.write(State(serving=SERVES))
    with pytest.raises(Overtaken, match="state of production"):
        one.write(State())
    one.read()
    other.write(State())
    with pytest.raises(Overtaken):
        one.write(State(serving=SERVES))
    one.force(State(serving=SERVES))
    assert other.read().serving == SERVES


def test_a_state_of_another_version_is_named(container: ContainerClient) -> None:
    container.upload_blob("state.json", b'{"serves": 1}')
    with pytest.raises(MlopsError, match="not what this version") as raised:
        store(container).read()
    assert raised.value.details


def test_a_second_one_is_told_who_is_first(container: ContainerClient) -> None:
    first, second = lease(container), lease(container)
    assert first.holder() is None
    with first.held("anna", "promote r-1"):
        with pytest.raises(MlopsError, match=r"changed by anna on .* \(promote r-1, since"):
            second.held("bert", "promote r-2").__enter__()
        first.check()
    assert first.holder() is None
    with second.held("bert", "promote r-2"):
        assert "bert" in str(first.holder())


def until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + 10
    while not holds():
        assert monotonic() < deadline, "it did not happen"
        sleep(0.01)


def test_a_broken_lease_is_noticed_by_its_holder(container: ContainerClient) -> None:
    mine = lease(container, renewal=0.05)
    with mine.held("anna", "promote r-1"):
        sleep(0.12)
        mine.check()  # renewed meanwhile
        assert "anna" in str(lease(container).end())

        def noticed() -> bool:
            try:
                mine.check()
            except Overtaken:
                return True
            return False

        until(noticed)
    with lease(container).held("bert", "promote r-2"):
        pass


def test_a_failure_gives_the_lease_back(container: ContainerClient) -> None:
    with pytest.raises(RuntimeError), lease(container).held("anna", "promote r-1"):
        raise RuntimeError
    blob = container.get_blob_client("lease.json")
    assert blob.get_blob_properties().lease.state == "available"
    assert isinstance(blob.acquire_lease(), BlobLeaseClient)
