"""A lease that cannot be renewed is lost when its time is over, whatever its holder is told."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from ml.azure import blob_lease
from ml.azure.blob_lease import BlobLease


class Away:
    """Azure, once it cannot be reached: the SDK tries a call again and again, and says nothing meanwhile."""

    def __init__(self) -> None:
        self.back = threading.Event()

    def acquire_lease(self, lease_duration: int) -> Any:
        return self

    def renew(self) -> None:
        self.back.wait(10)
        raise ServiceRequestError("away")


def test_who_cannot_reach_azure_knows_when_another_may_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_lease, "SECONDS", 0.3)
    azure: Any = Away()
    lease = BlobLease(azure, lambda: None, 0.05)
    assert lease.take() is not None and not lease.lost
    time.sleep(0.4)
    assert lease.lost
    azure.back.set()
    assert lease.give_back() is None


def test_a_failure_that_passes_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Once(Away):
        times = 0

        def renew(self) -> None:
            self.times += 1
            if self.times < 3:
                raise ServiceRequestError("away")

        def release(self) -> None:
            self.times = -1

    monkeypatch.setattr(blob_lease, "SECONDS", 2.5)
    azure: Any = Once()
    lease = BlobLease(azure, lambda: None, 0.2)
    assert lease.take() is not None
    time.sleep(2.8)
    assert not lease.lost
    assert lease.give_back() is None and azure.times == -1
