"""``*.dfs.core.windows.net``: files and directories of accounts with a hierarchical namespace."""

from __future__ import annotations

import json
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
from emulator.storage.dataplane import LONGEST_NAME
from emulator.storage.errors import failure
from emulator.storage.happenings import Announcer
from emulator.storage.lake import paths
from emulator.storage.model import Address, Blob
from emulator.storage.plane import Plane

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


class LakePlane(Plane):
    """Answers the requests to the dfs endpoints of all accounts."""

    service = "dfs"

    def __init__(
        self,
        arm: Arm,
        accounts: Accounts,
        blobs: BlobStore,
        authentication: Authentication,
        reach: Reach,
        announcer: Announcer,
    ) -> None:
        super().__init__(arm, accounts, authentication, reach)
        self._blobs = blobs
        self._announcer = announcer

    def told(self, error: AzureError, *, with_body: bool) -> Response:
        """As JSON, with names of its own."""
        code = CODES.get(error.code, error.code)
        headers = {"x-ms-error-code": "ConditionNotMet" if error.status == 304 else code, **error.headers}
        if not with_body or error.status == 304:
            return Response(error.status, headers)
        body = json.dumps({"error": {"code": code, "message": error.message}}).encode()
        return Response(error.status, {**headers, "content-type": "application/json;charset=utf-8"}, body)

    def answer(self, request: Request, request_id: str) -> Response:
        account = self.account(request.host)
        if not account.hierarchical:
            raise _refusal(f"the dfs endpoint of {account.name}, which has no hierarchical namespace")
        system, _, path = request.path.removeprefix("/").partition("/")
        path = path.rstrip("/")
        if len(path) > LONGEST_NAME or (system and not CONTAINER_NAME.fullmatch(system)):
            raise failure("InvalidResourceName", f"{system}/{path[:80]}")
        access = self._authentication.access(request, account, system, path)
        self.admit(request.place, account)

        def no_copies(url: str) -> tuple[Blob, Address]:
            raise _refusal(f"copies from {url}")

        context = Context(request, account, system, path, access, self._blobs, self._arm, no_copies)
        context.refuse_unsupported()
        return self._announcer.done(self._operation(request, system, path), context, request_id)

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
