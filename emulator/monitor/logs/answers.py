"""What a query is answered with: tables, or Azure's words for what is wrong with it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from typing import Any, Final

from emulator.errors import AzureError, NotEmulated
from emulator.monitor.kql.engine import Answer
from emulator.monitor.kql.faults import QueryFault, SyntaxFault, Unsupported, place
from emulator.monitor.kql.kinds import Kind
from emulator.monitor.kql.table import Table
from emulator.monitor.kql.values import datetime_text, json_text, real_text, timespan_text

Json = dict[str, Any]
INVALID: Final = "The request had some invalid properties"
INSUFFICIENT: Final = "The provided credentials have insufficient access to perform the requested operation"


class LogsError(AzureError):
    """An error as the query API tells it: with inner errors, the innermost last."""

    def __init__(self, status: int, code: str, message: str, *inner: Json) -> None:
        super().__init__(status, code, message)
        self.inner = inner

    def body(self) -> Json:
        return {"error": _nested({"message": self.message, "code": self.code}, self.inner)}


class LogsNotEmulated(NotEmulated):
    """A part of the language that is not known here; recorded among the refusals, told as the API tells."""

    def __init__(self, what: str, inner: Json) -> None:
        super().__init__(f"KQL: {what}", 400)
        self.inner = inner

    def body(self) -> Json:
        told = {**self.inner, "code": self.code, "message": self.message}
        return {"error": _nested({"message": INVALID, "code": "BadArgumentError"}, (told,))}


def _nested(error: Json, inner: tuple[Json, ...]) -> Json:
    made: Json | None = None
    for one in reversed(inner):
        made = dict(one) if made is None else {**one, "innererror": made}
    error["correlationId"] = str(uuid.uuid4())
    return error if made is None else {**error, "innererror": made}


def refusal(text: str, fault: QueryFault | Unsupported) -> AzureError:
    """400, with where in the text the fault is."""
    line, column = place(text, fault.at)
    if isinstance(fault, Unsupported):
        return LogsNotEmulated(fault.what, {"line": line, "pos": column} if fault.at >= 0 else {})
    told: Json = {"code": fault.code, "message": fault.message}
    if isinstance(fault, SyntaxFault):
        told["message"] = (
            fault.message or f"Query could not be parsed at '{fault.token}' on line [{line},{column}]"
        )
    if fault.at >= 0:
        told |= {"line": line, "pos": column}
        if fault.token:
            told["token"] = fault.token
    return LogsError(400, "BadArgumentError", INVALID, {"code": fault.kind, "message": fault.words}, told)


def insufficient() -> AzureError:
    """403 of who may not read the logs."""
    return LogsError(403, "InsufficientAccessError", INSUFFICIENT)


def body(answer: Answer, *, render: bool, statistics: Json | None) -> Json:
    """The body of an answer. render, statistics: whether they are asked for, and what they are."""
    names = ["PrimaryResult", *(f"Table_{number}" for number in range(1, len(answer.tables)))]
    made: Json = {"tables": [_table(name, one) for name, one in zip(names, answer.tables, strict=True)]}
    if render:
        drawn: Json = {"visualization": None, "title": None, "accumulate": False, "isQuerySorted": False}
        made["render"] = {**drawn, **(answer.render or {})}
    if statistics is not None:
        made["statistics"] = statistics
    return made


def _table(name: str, table: Table) -> Json:
    writes = [_WRITERS[column.kind] for column in table.columns]
    return {
        "name": name,
        "columns": [{"name": column.name, "type": column.kind} for column in table.columns],
        "rows": [
            [None if value is None else write(value) for value, write in zip(row, writes, strict=True)]
            for row in table.rows
        ],
    }


def _same(value: Any) -> Any:
    return value


_WRITERS: Final[dict[Kind, Callable[[Any], Any]]] = {
    "bool": _same,
    "int": _same,
    "long": _same,
    "real": lambda value: value if math.isfinite(value) else real_text(value),
    "decimal": str,
    "string": _same,
    "datetime": lambda ticks: datetime_text(ticks, -1),
    "timespan": timespan_text,
    "guid": _same,
    "dynamic": lambda value: value if isinstance(value, str) else json_text(value),
}
