"""What the endpoints of an account have in common: blobs, data lakes and queues."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from typing import ClassVar, Final

from emulator.arm.service import Arm
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.network.denied import unreachable
from emulator.network.reach import Reach
from emulator.places import Place
from emulator.storage.access import Authentication
from emulator.storage.accounts import Account, Accounts
from emulator.storage.errors import failure, render

LATEST_VERSION: Final = "2025-11-05"
REQUEST_ID: Final = "x-ms-request-id"
CLIENT_REQUEST_ID: Final = "x-ms-client-request-id"


class Plane(ABC):
    """One endpoint of all accounts. service: the word in its host names, and the group of its private
    endpoints."""

    service: ClassVar[str]

    def __init__(self, arm: Arm, accounts: Accounts, authentication: Authentication, reach: Reach) -> None:
        self._arm = arm
        self._accounts = accounts
        self._authentication = authentication
        self._reach = reach

    def handle(self, request: Request) -> Response:
        """One request. Refusals of what is not emulated are raised, all other errors are answers."""
        request_id = secrets.token_hex(16)
        try:
            response = self.answer(request, request_id)
        except NotEmulated:
            raise
        except AzureError as error:
            response = self.told(error, with_body=request.method != "HEAD")
        response.headers.setdefault(REQUEST_ID, request_id)
        response.headers.setdefault("x-ms-version", request.headers.get("x-ms-version", LATEST_VERSION))
        if client_id := request.headers.get(CLIENT_REQUEST_ID):
            response.headers.setdefault(CLIENT_REQUEST_ID, client_id)
        return response

    @abstractmethod
    def answer(self, request: Request, request_id: str) -> Response:
        """The answer; request_id: what it is called in the answer, and in what follows from it."""

    def told(self, error: AzureError, *, with_body: bool) -> Response:
        """An error as the endpoint tells it."""
        return render(error, with_body=with_body)

    def account(self, host: str) -> Account:
        """The account that a host name belongs to; 400 AccountNotFound."""
        name = host.removesuffix(f".{self.service}.core.windows.net")
        account = self._accounts.find(name)
        if account is None:
            raise failure("AccountNotFound", f"Account {name!r}.")
        return account

    def admit(self, place: Place, account: Account) -> None:
        """403 AuthorizationFailure unless the account's rules, or a private endpoint, admit the caller."""
        denied = self._reach.denied(place, account.id, self.service) if account.id else None
        if denied is not None and denied.kind == "lost":
            raise unreachable(f"{account.name}.{self.service}.core.windows.net", denied)
        if denied is not None:
            seen = f"The caller's address is {denied.address}: " if denied.address else ""
            raise failure("AuthorizationFailure", f"{seen}{denied.why} (account {account.name}).")
