"""Watches as clients have them: a stream of lines, with bookmarks, until the client or the time ends it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from emulator.kubernetes import errors
from emulator.kubernetes.changes import Event, Watch
from emulator.kubernetes.kinds import Kind
from emulator.kubernetes.selectors import Chosen

BOOKMARKS_S: Final = 60.0
INITIAL_END: Final = "k8s.io/initial-events-end"

Json = dict[str, Any]
Shape = Callable[[Json], Json]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client watches. seconds: how long. shape: how it wants objects (a Table, say). initial: whether
    it is to be told by a bookmark that all which is there has come."""

    kind: Kind
    namespace: str
    chosen: Chosen
    seconds: float
    bookmarks: bool
    initial: bool
    shape: Shape


def _line(change: str, value: Json) -> bytes:
    return json.dumps({"type": change, "object": value}, separators=(",", ":")).encode() + b"\n"


def _bookmark(wanted: Wanted, revision: int, notes: dict[str, str] | None = None) -> bytes:
    meta: Json = {"resourceVersion": str(revision), "creationTimestamp": None}
    meta |= {"annotations": notes} if notes else {}
    return _line(
        "BOOKMARK",
        wanted.shape({"kind": wanted.kind.kind, "apiVersion": wanted.kind.api_version, "metadata": meta}),
    )


def told(wanted: Wanted, event: Event) -> bytes | None:
    """A change as the client sees it: what comes to fit its selector is added, what ceases to is deleted."""
    meta = event.object["metadata"]
    if wanted.namespace and meta.get("namespace") != wanted.namespace:
        return None
    fits = event.type != "DELETED" and wanted.chosen(event.object)
    did = event.before is not None and wanted.chosen(event.before)
    if not fits and not did:
        return None
    change = "MODIFIED" if fits and did else ("ADDED" if fits else "DELETED")
    return _line(change, wanted.shape(event.object))


async def stream(wanted: Wanted, watch: Watch, there: Iterable[Json], revision: int) -> AsyncGenerator[bytes]:
    """The lines. there: objects to begin with, as they were at the version ``revision``."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(ready.set)

    watch.wake = wake
    end = time.monotonic() + wanted.seconds
    mark = time.monotonic() + BOOKMARKS_S
    try:
        for one in there:
            yield _line("ADDED", wanted.shape(one))
        if wanted.initial:
            yield _bookmark(wanted, revision, {INITIAL_END: "true"})
        while True:
            ready.clear()
            while (event := watch.next(0)) is not None:
                revision = event.revision
                if line := told(wanted, event):
                    yield line
            now = time.monotonic()
            if wanted.bookmarks and (now >= mark or now >= end):
                yield _bookmark(wanted, revision)
                mark = now + BOOKMARKS_S
            if now >= end or not watch.open:
                return
            until = min(end, mark if wanted.bookmarks else end)
            try:
                await asyncio.wait_for(ready.wait(), max(until - now, 0))
            except TimeoutError:
                continue
    finally:
        watch.close()


def gone(error: errors.ApiError) -> bytes:
    """The one line of a watch from a version that is no longer kept."""
    return _line("ERROR", error.body())
