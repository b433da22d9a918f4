"""Leases of blobs, asked for by azure-storage-blob; and their times by a clock that the test moves."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobLeaseClient, ContainerClient

from emulator.errors import AzureError
from emulator.storage.leases import INFINITE, Leases
from emulator.storage.model import Address

AT = Address("acct", "data", "x")
ID, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def blob(data: ContainerClient) -> BlobClient:
    return data.upload_blob("x", b"1")


def code_of(error: HttpResponseError) -> str:
    return str((error.response.headers if error.response else {}).get("x-ms-error-code"))


def refused(call: Callable[[], Any]) -> tuple[int | None, str]:
    with pytest.raises(HttpResponseError) as caught:
        call()
    return caught.value.status_code, code_of(caught.value)


def test_only_the_holder_writes(blob: BlobClient) -> None:
    lease = blob.acquire_lease(lease_duration=15)
    assert refused(lambda: blob.upload_blob(b"2", overwrite=True)) == (412, "LeaseIdMissing")
    assert refused(blob.delete_blob) == (412, "LeaseIdMissing")
    assert refused(lambda: blob.set_blob_metadata({"a": "b"})) == (412, "LeaseIdMissing")
    assert refused(lambda: blob.stage_block("aaaa", b"3")) == (412, "LeaseIdMissing")
    assert refused(lambda: blob.upload_blob(b"2", overwrite=True, lease=OTHER)) == (
        412,
        "LeaseIdMismatchWithBlobOperation",
    )
    assert refused(blob.acquire_lease) == (409, "LeaseAlreadyPresent")
    blob.upload_blob(b"2", overwrite=True, lease=lease)
    assert blob.download_blob().readall() == b"2"
    said = blob.get_blob_properties().lease
    assert (said.state, said.status, said.duration) == ("leased", "locked", "fixed")
    lease.renew()
    given = str(lease.id)
    lease.release()
    assert blob.get_blob_properties().lease.state == "available"
    assert refused(lambda: blob.upload_blob(b"3", overwrite=True, lease=given)) == (
        412,
        "LeaseNotPresentWithBlobOperation",
    )
    blob.upload_blob(b"3", overwrite=True)


def test_anybody_breaks_it_and_the_holder_finds_out(blob: BlobClient) -> None:
    lease = blob.acquire_lease(lease_duration=60)
    assert BlobLeaseClient(blob).break_lease(lease_break_period=0) == 0
    assert refused(lease.renew) == (409, "LeaseIsBrokenAndCannotBeRenewed")
    assert refused(lambda: blob.upload_blob(b"2", overwrite=True, lease=lease)) == (412, "LeaseLost")
    assert blob.acquire_lease().id != lease.id


def test_what_has_no_lease_has_none_to_break(blob: BlobClient) -> None:
    expected = (409, "LeaseNotPresentWithLeaseOperation")
    assert refused(lambda: BlobLeaseClient(blob).break_lease()) == expected
    assert refused(BlobLeaseClient(blob, ID).release) == expected


def test_a_deleted_blob_takes_its_lease_along(blob: BlobClient) -> None:
    lease = blob.acquire_lease()
    blob.delete_blob(lease=lease)
    blob.upload_blob(b"again")
    assert blob.get_blob_properties().lease.state == "available"


def test_bad_durations_are_refused(blob: BlobClient) -> None:
    for seconds in (0, 14, 61):
        assert refused(lambda seconds=seconds: blob.acquire_lease(lease_duration=seconds))[0] == 400


class Clocked:
    def __init__(self) -> None:
        self.now = 0.0
        self.leases = Leases(lambda: self.now)

    def state(self) -> str:
        return self.leases.headers(AT)["x-ms-lease-state"]


def code(call: Callable[[], Any]) -> str:
    with pytest.raises(AzureError) as caught:
        call()
    return caught.value.code


def test_one_that_ended_is_renewed_unless_somebody_wrote() -> None:
    world = Clocked()
    world.leases.acquire(AT, 15, ID)
    world.now = 15.0
    assert world.state() == "expired"
    world.leases.renew(AT, ID)
    assert world.state() == "leased"
    world.now = 40.0
    assert code(lambda: world.leases.check(AT, ID)) == "LeaseLost"
    world.leases.check(AT, "")  # a write of somebody else
    assert code(lambda: world.leases.renew(AT, ID)) == "LeaseNotPresentWithLeaseOperation"


def test_a_breaking_one_keeps_others_out_until_it_is_broken() -> None:
    world = Clocked()
    world.leases.acquire(AT, INFINITE, ID)
    assert world.leases.headers(AT)["x-ms-lease-duration"] == "infinite"
    assert world.leases.end(AT, 20) == 20
    assert world.state() == "breaking"
    assert code(lambda: world.leases.acquire(AT, 15, OTHER)) == "LeaseIsBreakingAndCannotBeAcquired"
    assert world.leases.end(AT, 5) == 5  # sooner, not later
    assert world.leases.end(AT, 60) == 5
    world.leases.check(AT, ID)
    world.now = 5.0
    assert world.state() == "broken"
    world.leases.acquire(AT, 15, OTHER)
    assert code(lambda: world.leases.renew(AT, ID)) == "LeaseIdMismatchWithLeaseOperation"


def test_changing_gives_another_id() -> None:
    world = Clocked()
    world.leases.acquire(AT, 15, ID)
    world.leases.change(AT, ID, OTHER)
    assert code(lambda: world.leases.release(AT, ID)) == "LeaseIdMismatchWithLeaseOperation"
    world.leases.release(AT, OTHER)
    assert code(lambda: world.leases.change(AT, ID, OTHER)) == "LeaseNotPresentWithLeaseOperation"
    assert code(lambda: world.leases.acquire(AT, 15, "no id")) == "InvalidHeaderValue"
