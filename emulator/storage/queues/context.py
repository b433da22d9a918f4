"""One request to the Queue service, taken apart, with what its operation works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.arm.service import Arm
from emulator.http import Request
from emulator.storage import metadata
from emulator.storage.access import Access
from emulator.storage.accounts import Account
from emulator.storage.context import META
from emulator.storage.errors import failure
from emulator.storage.operations import Operation
from emulator.storage.queues.messages import Messages

LONGEST_NUMBER = 9  # digits


@dataclass(frozen=True, slots=True)
class Context:
    """A request with its account, place and rights. queue, message: "" where the path names none."""

    request: Request
    account: Account
    queue: str
    message: str
    access: Access
    messages: Messages
    arm: Arm

    @property
    def queue_id(self) -> str:
        return self.account.queue_id(self.queue)

    def require(self, operation: Operation) -> None:
        """403 unless the caller may do it on this queue."""
        self.access.require(operation, self.queue_id)

    def resource(self) -> dict[str, Any]:
        """The queue; 404 QueueNotFound."""
        found = self.arm.store.get(self.queue_id)
        if found is None:
            raise failure("QueueNotFound", f"{self.account.name}/{self.queue}")
        return found

    def metadata(self) -> dict[str, str]:
        """The metadata sent with the request; 400 for what cannot be kept."""
        sent = self.request.headers.items()
        return metadata.checked({key.removeprefix(META): text for key, text in sent if key.startswith(META)})

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number of the query; 400 for what is none, or outside of its range."""
        text = self.request.query.get(name, "")
        if not text:
            return default
        digits = text.removeprefix("-")
        if not digits.isascii() or not digits.isdigit() or len(digits) > LONGEST_NUMBER:
            raise failure("InvalidQueryParameterValue", f"{name}={text[:40]!r} is no whole number.")
        if not least <= int(text) <= most:
            raise failure("OutOfRangeQueryParameterValue", f"{name}={text}: {least} to {most} are allowed.")
        return int(text)
