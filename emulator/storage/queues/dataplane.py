"""``*.queue.core.windows.net``: which operation a request is, by what right it comes, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from emulator.arm.service import Arm
from emulator.http import Request, Response
from emulator.network.reach import Reach
from emulator.storage.access import Authentication
from emulator.storage.accounts import QUEUE_NAME, Accounts
from emulator.storage.errors import failure, refusal
from emulator.storage.plane import Plane
from emulator.storage.queues import on_messages, on_queues
from emulator.storage.queues.context import Context
from emulator.storage.queues.messages import Messages

Operation = Callable[[Context], Response]
MESSAGES: Final = "messages"
# (method, restype, comp) of requests about the account, (method, comp) of those about a queue
ON_ACCOUNT: Final[dict[tuple[str, str, str], Operation]] = {
    ("GET", "", "list"): on_queues.list_queues,
    ("GET", "service", "properties"): on_queues.get_service_properties,
}
ON_QUEUE: Final[dict[tuple[str, str], Operation]] = {
    ("PUT", ""): on_queues.create_queue,
    ("DELETE", ""): on_queues.delete_queue,
    ("GET", "metadata"): on_queues.get_metadata,
    ("HEAD", "metadata"): on_queues.get_metadata,
    ("PUT", "metadata"): on_queues.set_metadata,
    ("GET", "acl"): on_queues.get_acl,
    ("HEAD", "acl"): on_queues.get_acl,
}
ON_MESSAGES: Final[dict[str, Operation]] = {
    "POST": on_messages.put_message,
    "GET": on_messages.get_messages,
    "DELETE": on_messages.clear_messages,
}
ON_MESSAGE: Final[dict[str, Operation]] = {
    "PUT": on_messages.update_message,
    "DELETE": on_messages.delete_message,
}


class QueuePlane(Plane):
    """Answers the requests to the queue endpoints of all accounts."""

    service = "queue"

    def __init__(
        self, arm: Arm, accounts: Accounts, messages: Messages, authentication: Authentication, reach: Reach
    ) -> None:
        super().__init__(arm, accounts, authentication, reach)
        self._messages = messages

    def answer(self, request: Request, request_id: str) -> Response:
        account = self.account(request.host)
        queue, below, message = _place(request.path)
        operation = _operation(request, queue, below, message)
        if queue and request.method != "PUT" and not QUEUE_NAME.fullmatch(queue):
            raise failure("InvalidResourceName", f"Queue {queue!r}.")
        access = self._authentication.access(request, account, queue, message)
        self.admit(request.place, account)
        return operation(Context(request, account, queue, message, access, self._messages, self._arm))


def _place(path: str) -> tuple[str, str, str]:
    """Queue, the word below it, and the id of a message; "" for what the path does not name."""
    queue, _, rest = path.removeprefix("/").partition("/")
    below, _, message = rest.partition("/")
    return queue, below, message


def _operation(request: Request, queue: str, below: str, message: str) -> Operation:
    method, comp = request.method, request.query.get("comp", "")
    found: Operation | None = None
    if not queue:
        found = ON_ACCOUNT.get((method, request.query.get("restype", ""), comp))
    elif not below:
        found = ON_QUEUE.get((method, comp))
    elif below == MESSAGES and not comp:
        found = ON_MESSAGE.get(method) if message else ON_MESSAGES.get(method)
    if found is None:
        what = f"{below} of a queue" if below else "a queue" if queue else "an account"
        restype = request.query.get("restype") or "-"
        raise refusal(
            f"{method} of {'a message' if message else what} with restype={restype} comp={comp or '-'}",
            "Queue service",
        )
    return found
