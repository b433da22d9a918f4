"""Operations that clients follow after a 202: where they ask how it went, and what they find there.

Every change has ended before its answer, so an operation has succeeded, unless faults on demand let its end
be told later (`emulator.arm.pending`). It is kept nevertheless: only who began it finds it, and what was
never begun is not found.
"""

from __future__ import annotations

import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from emulator.arm.ids import ArmId
from emulator.arm.service import Arm
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.principal import Principal

KIND: Final = "arm-operation"
KEPT: Final = 1000  # operations; the oldest go first
PATH: Final = (
    r"/subscriptions/[^/]+/providers/(?P<namespace>[^/]+)/locations/[^/]+"
    r"/operation(?P<what>Statuses|Results)/(?P<name>[0-9a-f-]{36})"
)


class Operations:
    """The operations that were answered with 202."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        arm.special("GET", PATH)(self._show)

    def begin(
        self, parsed: ArmId, request: Request, principal: Principal, location: str, end: float = 0.0
    ) -> dict[str, str]:
        """Keep a change that has just been made; the headers that lead to it.

        location: region of what was changed, "" for none. end: time at which it is told to have ended.
        """
        now = datetime.now(UTC).isoformat()
        name = str(uuid.uuid4())
        store = self._arm.store
        document = {
            "resource": "" if request.method == "DELETE" else parsed.text,
            "by": principal.object_id,
            "ended": now,
            "end": end,
        }
        with store.transaction():
            store.put_document(KIND, name, document)
            held = store.documents(KIND)
            for old in sorted(held, key=lambda one: str(held[one]["ended"]))[:-KEPT]:
                store.delete_document(KIND, old)
        place = location.replace(" ", "").lower() or "global"
        base = f"https://{request.host}/subscriptions/{parsed.subscription}/providers/{parsed.namespace}"
        version = request.query.get("api-version", "")
        status, result = (
            f"{base}/locations/{place}/operation{what}/{name}?api-version={version}"
            for what in ("Statuses", "Results")
        )
        return {"azure-asyncoperation": status, "location": result}

    def _show(self, request: Request, match: re.Match[str], principal: Principal) -> Response:
        name = match["name"]
        found: dict[str, Any] | None = self._arm.store.document(KIND, name)
        if found is None or found["by"] != principal.object_id:
            raise AzureError(404, "OperationNotFound", f"The operation '{name}' was not found.")
        left = found.get("end", 0.0) - time.time()
        if left > 0:
            wait = {"retry-after": str(max(0, round(min(left, 10.0))))}
            if match["what"].lower() == "results":
                return Response(202, {"location": f"https://{request.host}{request.raw_path}", **wait})
            body = {"id": request.path, "name": name, "status": "InProgress", "startTime": found["ended"]}
            return Response.json(body, headers=wait)
        if match["what"].lower() == "statuses":
            ended = {"startTime": found["ended"], "endTime": found["ended"]}
            return Response.json({"id": request.path, "name": name, "status": "Succeeded", **ended})
        return Response.json(self._arm.get(found["resource"])) if found["resource"] else Response(204)
