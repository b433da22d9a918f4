"""The objects of one cluster as they are held: in memory, in the store's documents, told to watches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from emulator.arm.store import Store
from emulator.kubernetes import errors
from emulator.kubernetes.changes import Change, Event, Watch
from emulator.kubernetes.kinds import Kind
from emulator.kubernetes.metadata import Json, Key, copy, owners

DOCUMENTS: Final = "kubernetes"  # documents of the store: CLUSTER|REVISION, or CLUSTER|Kind|namespace|name
REVISION: Final = "revision"
HISTORY: Final = 2048  # events that are kept for watches that go on from an older version


class Holding:
    """Objects by their keys, with their owners, and the versions of what was written."""

    def __init__(self, store: Store, cluster: str) -> None:
        """cluster: the key of the cluster, without ``|``."""
        self._store = store
        self._cluster = cluster
        self._lock = threading.RLock()
        self._held: dict[Key, Json] = {}
        self._by_uid: dict[str, Key] = {}
        self._dependents: dict[str, set[Key]] = {}  # uid of an owner -> its dependents
        self._history: deque[Event] = deque(maxlen=HISTORY)
        self._watches: list[Watch] = []
        self._closed = False
        self._revision = 1
        self._load()
        self._first = self._revision  # the oldest version from which a watch can go on

    @property
    def revision(self) -> int:
        """The version of the newest write."""
        return self._revision

    @property
    def watched(self) -> int:
        """How many watches are open."""
        with self._lock:
            return len(self._watches)

    def watch(self, *kinds: str, since: int | None = None) -> Watch:
        """Changes of these kinds (of all where none is named) after a version, the newest by default.

        410 where the changes since then are no longer kept.
        """
        with self._lock:
            watch = Watch(frozenset(kinds), self._leave)
            if since is not None and since < self._revision:
                oldest = self._history[0].revision - 1 if len(self._history) == HISTORY else self._first
                if since < oldest:
                    raise errors.expired(f"too old resource version: {since} ({oldest})")
                for event in self._history:
                    if event.revision > since:
                        watch.tell(event)
            if self._closed:
                watch.close()
            else:
                self._watches.append(watch)
            return watch

    def close(self) -> None:
        """End all watches; those that come later are closed at once."""
        with self._lock:
            self._closed = True
            watches = list(self._watches)
        for watch in watches:
            watch.close()

    def forget(self) -> None:
        """The cluster is gone: nothing of it is kept."""
        self.close()
        with self._lock, self._store.transaction():
            self._held.clear()
            self._dependents.clear()
            for key in self._store.documents(DOCUMENTS, f"{self._cluster}|"):
                self._store.delete_document(DOCUMENTS, key)

    def settle(self) -> None:
        """Watches go on from now at the earliest: as those of a server that has just started."""
        with self._lock:
            self._history.clear()
            self._first = self._revision

    def _load(self) -> None:
        self._revision = 1
        start = len(self._cluster) + 1
        for text, value in self._store.documents(DOCUMENTS, f"{self._cluster}|").items():
            parts = text[start:].split("|")
            if parts == [REVISION]:
                self._revision = int(value)
            else:
                self._keep((parts[0], parts[1], parts[2]), value)

    def _keep(self, key: Key, value: Json) -> None:
        self._let_go(key)
        self._held[key] = value
        self._by_uid[value["metadata"]["uid"]] = key
        for uid in owners(value):
            self._dependents.setdefault(uid, set()).add(key)

    def _let_go(self, key: Key) -> None:
        held = self._held.pop(key, None)
        if held is None:
            return
        self._by_uid.pop(held["metadata"]["uid"], None)
        for uid in owners(held):
            there = self._dependents[uid]
            there.discard(key)
            if not there:
                del self._dependents[uid]

    @contextmanager
    def _whole(self) -> Generator[None]:
        """All writes inside are kept and told of, or none: what is held is then read again."""
        try:
            with self._store.transaction():
                yield
        except BaseException:
            self._held.clear()
            self._by_uid.clear()
            self._dependents.clear()
            self._load()
            raise

    def _write(self, change: Change, kind: Kind, key: Key, now: Json, before: Json | None) -> None:
        self._revision += 1
        now["metadata"]["resourceVersion"] = str(self._revision)
        document = f"{self._cluster}|{'|'.join(key)}"
        self._store.put_document(DOCUMENTS, f"{self._cluster}|{REVISION}", self._revision)
        if change == "DELETED":
            self._store.delete_document(DOCUMENTS, document)
            self._let_go(key)
        else:
            self._store.put_document(DOCUMENTS, document, now, secret=kind.kind == "Secret")
            self._keep(key, copy(now))
        event = Event(change, kind, self._revision, copy(now), before)
        self._store.after_commit(lambda: self._tell(event))

    def _tell(self, event: Event) -> None:
        self._history.append(event)
        for watch in tuple(self._watches):
            watch.tell(event)

    def _leave(self, watch: Watch) -> None:
        with self._lock:
            if watch in self._watches:
                self._watches.remove(watch)
