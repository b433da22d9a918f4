"""`workspaces/purge`: rows of a table are deleted for good, some time after they were asked to be.

From the REST reference "Workspace Purge" (operators, the properties' keys, 202 with `x-ms-status-location`,
50 requests an hour, the states) and "Managing personal data in Azure Monitor Logs" (no Basic or Auxiliary
tables; 30 days at most), both read 2026-11. Neither has the words of refusals: these are the emulator's.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from emulator.arm.ids import fold
from emulator.arm.service import Action, Arm
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.monitor.database import Database
from emulator.monitor.kql.kinds import Kind
from emulator.monitor.logs.schema import SCHEMA
from emulator.monitor.tables import TABLES
from emulator.monitor.workspaces import WORKSPACE
from emulator.principal import Principal

PURGES: Final = "log-analytics-purge"  # documents: id of the purge -> what is asked, and when it is done
MOST_AN_HOUR: Final = 50
TAKES: Final = timedelta(seconds=2)  # Azure: up to 30 days
HOUR: Final = timedelta(hours=1)
TABLE_TYPE: Final = f"{WORKSPACE}/tables"
OPERATION: Final = (
    r"(?P<workspace>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.OperationalInsights/workspaces"
    r"/[^/]+)/operations/(?P<id>purge-[0-9a-f-]{36})"
)
SCALAR: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda held, wanted: held == wanted,
    "=~": lambda held, wanted: _lower(held) == _lower(wanted),
    ">": lambda held, wanted: held > wanted,
    ">=": lambda held, wanted: held >= wanted,
    "<": lambda held, wanted: held < wanted,
    "<=": lambda held, wanted: held <= wanted,
}
LISTED: Final[dict[str, Callable[[Any, list[Any]], bool]]] = {
    "in": lambda held, wanted: held in wanted,
    "in~": lambda held, wanted: _lower(held) in [_lower(one) for one in wanted],
    "between": lambda held, wanted: wanted[0] <= held <= wanted[1],
}
NUMBERS: Final[tuple[Kind, ...]] = ("int", "long", "real", "decimal")
Json = dict[str, Any]


def _now() -> datetime:
    return datetime.now(UTC)


class Purges:
    """The purges of all workspaces."""

    def __init__(
        self, arm: Arm, database: Database, identity: Identity, now: Callable[[], datetime] = _now
    ) -> None:
        self._arm, self._database, self._identity, self._now = arm, database, identity, now
        self._lock = threading.Lock()

    def install(self) -> None:
        """Register the action, and the address that says how far one is."""
        self._arm.action(WORKSPACE, "purge")(self._begin)
        self._arm.special("GET", OPERATION)(self._show)

    def settle(self) -> None:
        """Delete what is due. Queries and questions after a purge call it, so nobody sees rows beyond it."""
        with self._lock:
            now = self._now()
            for name, one in self._arm.store.documents(PURGES).items():
                if one["done"] or datetime.fromisoformat(one["due"]) > now:
                    continue
                hits = [_hit(one["table"], each) for each in one["filters"]]
                self._database.purge(one["table"], one["tenant"], one["asked"], hits)
                # What was asked for named people: it goes with their rows.
                self._arm.store.put_document(PURGES, name, {**one, "filters": [], "done": True})

    def _begin(self, action: Action) -> Response:
        workspace = self._arm.get(action.id)
        table, filters = self._asked(action.id, action.body)
        now = self._now()
        with self._lock, self._arm.store.transaction():
            self._throttle(fold(action.id), now)
            name = f"purge-{uuid.uuid4()}"
            asked: Json = {
                "workspace": fold(action.id),
                "tenant": str(workspace["properties"]["customerId"]),
                "table": table,
                "filters": filters,
                "asked": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "due": (now + TAKES).isoformat(),
                "done": table not in TABLES,
            }
            self._arm.store.put_document(PURGES, name, asked)
        version = action.query.get("api-version", "")
        where = f"https://management.azure.com{action.id}/operations/{name}?api-version={version}"
        return Response.json({"operationId": name}, 202, {"x-ms-status-location": where})

    def _throttle(self, workspace: str, now: datetime) -> None:
        """Refuse more than 50 in an hour, and drop what was done before."""
        times: list[datetime] = []
        for name, one in self._arm.store.documents(PURGES).items():
            at = datetime.fromisoformat(one["asked"])
            if one["done"] and now - at > 30 * 24 * HOUR:
                self._arm.store.delete_document(PURGES, name)
            elif one["workspace"] == workspace and now - at < HOUR:
                times.append(at)
        if len(times) >= MOST_AN_HOUR:
            wait = max(1, round((min(times) + HOUR - now).total_seconds()))
            raise AzureError(
                429,
                "TooManyRequests",
                f"Purge requests are throttled at {MOST_AN_HOUR} requests per hour: batch them, with the in "
                "operator for several identities.",
                headers={"retry-after": str(wait)},
            )

    def _asked(self, workspace: str, body: Json) -> tuple[str, list[Json]]:
        table, given = body.get("table"), body.get("filters")
        if not isinstance(table, str) or table not in SCHEMA:
            raise _invalid(f"The table {table!r} is not in the workspace.")
        kept = self._arm.find(f"{workspace}/tables/{table}")
        plan = str(((kept or {}).get("properties") or {}).get("plan", "Analytics"))
        if plan != "Analytics":
            raise _invalid(f"Data of the table {table} cannot be purged: its plan is {plan}.")
        if not isinstance(given, list) or not given:
            raise _invalid("filters: at least one is needed.")
        filters = [_filter(table, one) for one in cast("list[Any]", given)]
        return table, filters

    def _show(self, request: Request, match: re.Match[str], principal: Principal) -> Response:
        workspace = match["workspace"]
        self._identity.require(principal, f"{WORKSPACE}/operations/read", workspace)
        self._arm.get(workspace)
        self.settle()
        found: Json | None = self._arm.store.document(PURGES, match["id"])
        if found is None or found["workspace"] != fold(workspace):
            raise AzureError(404, "OperationNotFound", f"The purge operation '{match['id']}' was not found.")
        return Response.json({"status": "completed" if found["done"] else "pending"})


def _filter(table: str, given: Any) -> Json:
    """A condition, checked against the table's columns."""
    one: Json = cast("Json", given) if isinstance(given, dict) else {}
    column, operator, value, key = (one.get(name) for name in ("column", "operator", "value", "key"))
    kinds = dict(SCHEMA[table])
    if not isinstance(column, str) or column not in kinds:
        raise _invalid(f"The column {column!r} is not in the table {table}.")
    if operator not in SCALAR and operator not in LISTED:
        known = ", ".join([*SCALAR, *LISTED])
        raise _invalid(f"The operator {operator!r} of the filter on {column} is not supported: {known}.")
    if key is not None and (kinds[column] != "dynamic" or not isinstance(key, str)):
        raise _invalid(f"key: {column} of {table} is {kinds[column]} and has no properties.")
    values: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    if isinstance(value, list) != (operator in LISTED) or not values:
        raise _invalid(f"value: {operator} takes {'a list' if operator in LISTED else 'one value'}.")
    if operator == "between" and len(values) != 2:
        raise _invalid("value: between takes two values.")
    kind: Kind = "string" if key is not None else kinds[column]
    try:
        for each in values:
            _typed(kind, each)
    except (TypeError, ValueError):
        raise _invalid(f"value: {column} of {table} is {kind}, and {value!r} is not.") from None
    return {"column": column, "operator": operator, "value": value, "key": key}


def _hit(table: str, one: Json) -> tuple[str, Callable[[Any], bool]]:
    """A column, and whether a value as it is stored there meets the condition."""
    column, key, operator = str(one["column"]), one["key"], str(one["operator"])
    kind: Kind = "string" if key is not None else dict(SCHEMA[table])[column]

    def hit(stored: Any) -> bool:
        held = json.loads(stored or "{}").get(key) if key is not None else stored
        if held is None:
            return False
        held = _typed(kind, str(held) if key is not None else held)
        if operator in LISTED:
            return LISTED[operator](held, [_typed(kind, each) for each in one["value"]])
        return SCALAR[operator](held, _typed(kind, one["value"]))

    return column, hit


def _typed(kind: Kind, value: Any) -> Any:
    """A value of a filter or of a row as the column has it. Raises TypeError or ValueError."""
    if kind == "datetime":
        at = datetime.fromisoformat(value)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    if kind in NUMBERS:
        if isinstance(value, bool):
            raise TypeError
        return float(value)
    if kind == "bool":
        if value not in (True, False):
            raise TypeError
        return bool(value)
    if not isinstance(value, str):
        raise TypeError
    return value


def _lower(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _invalid(message: str) -> AzureError:
    return AzureError(400, "BadArgumentError", message)
