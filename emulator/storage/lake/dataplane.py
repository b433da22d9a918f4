"""``*.dfs.core.windows.net``: files and directories of accounts with a hierarchical namespace."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Final

from emulator.arm.service import Arm
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.network.reach import Reach
from emulator.storage.access import Authentication
from emulator.storage.accounts import CONTAINER_NAME, Accounts
from emulator.storage.blobs import BlobStore
from emulator.storage.context import Context
from emulator.storage.dataplane import LONGEST_NAME, admit
from emulator.storage.errors import failure
from emulator.storage.lake import paths
from emulator.storage.model import Address, Blob
from emulator.storage.service_operations import LATEST_VERSION

SUFFIX: Final = ".dfs.core.windows.net"
Operation = Callable[[Context], Response]

# (method, resource, action) of requests about a path
ON_PATH: Final[dict[tuple[str, str, str], Operation]] = {
    ("PUT", "file", ""): paths.create,
    ("PUT", "directory", ""): paths.create,
    ("PATCH", "", "append"): paths.append,
    ("PATCH", "", "flush"): paths.flush,
    ("PATCH", "", "setAccessControl"): paths.set_access_control,
    ("HEAD", "", "getAccessControl"): paths.get_access_control,
    ("HEAD", "", "getStatus"): paths.get_status,
    ("HEAD", "", ""): paths.get_status,
    ("GET", "", ""): paths.read,
    ("DELETE", "", ""): paths.delete,
}
# what the dfs endpoint calls what the Blob service calls otherwise
CODES: Final = {"BlobNotFound": "PathNotFound", "ContainerNotFound": "FilesystemNotFound"}


class LakePlane:
    """Answers the requests to the dfs endpoints of all accounts."""

    def __init__(
        self, arm: Arm, accounts: Accounts, blobs: BlobStore, authentication: Authentication, reach: Reach
    ) -> None:
        self._arm = arm
        self._accounts = accounts
        self._blobs = blobs
        self._authentication = authentication
        self._reach = reach

    def handle(self, request: Request) -> Response:
        """One request. Refusals of what is not emulated are raised, all other errors are answers."""
        try:
            response = self._answer(request)
        except NotEmulated:
            raise
        except AzureError as error:
            response = _told(error, with_body=request.method != "HEAD")
        response.headers.setdefault("x-ms-request-id", secrets.token_hex(16))
        response.headers.setdefault("x-ms-version", request.headers.get("x-ms-version", LATEST_VERSION))
        if client_id := request.headers.get("x-ms-client-request-id"):
            response.headers.setdefault("x-ms-client-request-id", client_id)
        return response

    def _answer(self, request: Request) -> Response:
        account = self._accounts.find(request.host.removesuffix(SUFFIX))
        if account is None:
            raise failure("AccountNotFound", f"Account {request.host.removesuffix(SUFFIX)!r}.")
        if not account.hierarchical:
            raise _refusal(f"the dfs endpoint of {account.name}, which has no hierarchical namespace")
        system, _, path = request.path.removeprefix("/").partition("/")
        path = path.rstrip("/")
        if len(path) > LONGEST_NAME or (system and not CONTAINER_NAME.fullmatch(system)):
            raise failure("InvalidResourceName", f"{system}/{path[:80]}")
        access = self._authentication.access(request, account, system, path)
        admit(self._reach, request.place, account, "dfs")

        def no_copies(url: str) -> tuple[Blob, Address]:
            raise _refusal(f"copies from {url}")

        context = Context(request, account, system, path, access, self._blobs, self._arm, no_copies)
        context.refuse_unsupported()
        return self._operation(request, system, path)(context)

    def _operation(self, request: Request, system: str, path: str) -> Operation:
        query = request.query
        resource, action = query.get("resource", ""), query.get("action", "")
        if request.method == "PUT" and not resource and request.headers.get("x-ms-rename-source"):
            return paths.rename
        if system and not path and resource == "filesystem" and request.method == "GET":
            return paths.list_paths
        rights = action in ("getAccessControl", "setAccessControl")
        found = ON_PATH.get((request.method, resource, action))
        if found is None or not system or (not path and not rights and action != "getStatus"):
            what = "a path" if path else "a filesystem" if system else "an account"
            raise _refusal(
                f"{request.method} of {what} with resource={resource or '-'} action={action or '-'}"
            )
        return found


def _refusal(what: str) -> NotEmulated:
    error = NotEmulated(f"Data lake: {what}")
    error.headers["x-ms-error-code"] = error.code
    return error


def _told(error: AzureError, *, with_body: bool) -> Response:
    """The error as the dfs endpoint tells it: as JSON, with names of its own."""
    code = CODES.get(error.code, error.code)
    headers = {"x-ms-error-code": "ConditionNotMet" if error.status == 304 else code, **error.headers}
    if not with_body or error.status == 304:
        return Response(error.status, headers)
    body = json.dumps({"error": {"code": code, "message": error.message}}).encode()
    return Response(error.status, {**headers, "content-type": "application/json;charset=utf-8"}, body)
