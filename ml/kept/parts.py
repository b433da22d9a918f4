"""The parts that replicas write (scoring/kept/part.py): their names, and their rows as the table has them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ml.errors import MlopsError
from ml.lake import answers, tables
from ml.lake.arrow import ArrowTable
from ml.lake.files import Files
from scoring.model.schema import Schema
from scoring.model.typed_json import JsonShapeError, Node

FORMAT: Final = b"1"
SKEW: Final = timedelta(hours=1)  # by how much a replica's clock may be ahead of the collector's
_NAME: Final = re.compile(
    re.escape(answers.PARTS) + r"/\d{4}-\d{2}-\d{2}/(?P<author>[a-z0-9-]+)-(?P<number>\d{8})\.arrow"
)


class BrokenPartError(Exception):
    """The file is no part whose rows the table can take; the text says why, and shows no value of a row."""


@dataclass(frozen=True, slots=True)
class Part:
    """author: one process of one replica, which numbers its parts in the order in which it writes them."""

    name: str
    author: str
    number: int


def part(name: str) -> Part | None:
    """The part of a file's name; None when it is not named like one."""
    found = _NAME.fullmatch(name)
    return None if found is None else Part(name, found["author"], int(found["number"]))


def listed(files: Files) -> tuple[list[Part], list[str]]:
    """The parts that are there, and the names of other files.

    No part is missing between others of its author. A listing takes a while, so it may show a part and not
    the one before, whose place in the order it had passed when it was written. That one is then there for a
    second listing, of which nothing beyond the first one's last parts is taken.
    """
    first = [found for name in files.names(f"{answers.PARTS}/") if (found := part(name)) is not None]
    last: dict[str, int] = {}
    for one in first:
        last[one.author] = max(one.number, last.get(one.author, -1))
    parts: list[Part] = []
    others: list[str] = []
    for name in files.names(f"{answers.PARTS}/"):
        found = part(name)
        if found is None:
            others.append(name)
        elif found.number <= last.get(found.author, -1):
            parts.append(found)
    return sorted(parts, key=lambda one: (one.author, one.number)), others


def rows(data: bytes, now: datetime) -> ArrowTable:
    """The rows of a part with the columns of its contract's table. Raises BrokenPartError."""
    import pyarrow as pa
    import pyarrow.ipc

    try:
        read: Any = pyarrow.ipc.open_stream(data).read_all()
        read.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BrokenPartError(f"it is no Arrow stream: {str(error).splitlines()[0][:200]}") from error
    told: dict[bytes, bytes] = read.schema.metadata or {}
    if told.get(b"format") != FORMAT:
        raise BrokenPartError(f"its format is {told.get(b'format')!r}, and {FORMAT!r} is known")
    try:
        contract = Schema.from_json(Node(json.loads(told[b"contract"])))
        wanted = answers.schema(contract)
        stated = {name: told[name.encode()].decode() for name in ("model", "replica")}
    except (KeyError, JsonShapeError, MlopsError, ValueError) as error:
        raise BrokenPartError(f"its metadata does not say whose rows it has: {error}") from error
    stated["release"] = told[b"release"].decode() if b"release" in told else None  # pyright: ignore[reportArgumentType]
    count = read.num_rows
    for name, value in stated.items():
        read = read.append_column(name, pa.array([value] * count, pa.string()))
    try:
        times = read.column("scored_at")
        read = read.append_column("date", times.cast(pa.timestamp("us")).cast(pa.date32()))
        found = tables.fitted(read.replace_schema_metadata(None), wanted)
    except (KeyError, pa.ArrowException, tables.RowsError) as error:
        raise BrokenPartError(f"its columns are not those of its contract: {error}") from error
    required = ("request_id", "row", "scored_at", "probability", "label")
    if gaps := [name for name in required if found.column(name).null_count]:
        raise BrokenPartError(f"a row has no {', '.join(gaps)}")
    latest = max(found.column("scored_at").to_pylist(), default=now)
    if latest > now + SKEW:
        raise BrokenPartError(f"rows were scored at {latest:%Y-%m-%dT%H:%MZ}, which is not yet")
    return found
