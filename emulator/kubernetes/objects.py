"""The objects of one cluster, as etcd and the generic registry of an API server keep them.

Whoever acts on a cluster, its API and its controllers, reads and writes here: versions, generations, owners,
finalizers and namespaces are kept right by the store itself. Objects are JSON as the API has them. What is
handed out belongs to the caller; what is handed in stays the caller's.
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from emulator.arm.store import Store
from emulator.kubernetes import errors
from emulator.kubernetes.changes import Change, Event, Watch
from emulator.kubernetes.kinds import BY_KIND, Kind
from emulator.kubernetes.metadata import (
    Json,
    Key,
    blocks,
    copy,
    count_generation,
    grace_s_of,
    is_running,
    key_of,
    merged,
    owners,
    references,
    says_the_same,
    timestamp,
)

DOCUMENTS: Final = "kubernetes"  # documents of the store: CLUSTER|REVISION, or CLUSTER|Kind|namespace|name
REVISION: Final = "revision"
HISTORY: Final = 2048  # events that are kept for watches that go on from an older version
FOREGROUND: Final = "foregroundDeletion"
NAME_TAIL: Final = 5  # characters that generateName adds
ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"  # of such a tail: no vowels, so no words
UNSET: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "resourceVersion",
    "selfLink",
    "uid",
)  # of an object that is to be new
CONTROLLERS: Final = "kube-controller-manager"


class Rules:
    """What else a write has to pass: defaults, admission, validation, managers of fields. This one: nothing.

    Each is called while the store is locked, and sees no other write's half.
    """

    def defaulted(self, kind: Kind, made: Json) -> None:
        """Put in what the type's own defaults say: before it is asked who manages which field."""

    def creating(self, objects: Objects, kind: Kind, made: Json) -> None:
        """Complete an object that is to be new, or refuse it; it has its name and no uid yet."""

    def created(self, objects: Objects, kind: Kind, made: Json) -> None:
        """Make what comes with an object that has just been made."""

    def updating(self, objects: Objects, kind: Kind, before: Json, now: Json, subresource: str) -> None:
        """Complete what an object is to be from now on, or refuse it."""

    def managed(
        self, kind: Kind, before: Json | None, now: Json, manager: str, subresource: str
    ) -> list[Json] | None:
        """The object's managedFields after a write by a manager; None leaves those that it has."""
        return None


class Objects:
    """Thread-safe. Every write is kept before the call returns. Refusals are ``errors.ApiError``."""

    def __init__(self, store: Store, cluster: str, rules: Rules | None = None) -> None:
        """cluster: the key of the cluster, without ``|``."""
        self._store = store
        self._cluster = cluster
        self._rules = rules or Rules()
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

    # reading

    @property
    def revision(self) -> int:
        """The version of the newest write."""
        return self._revision

    @property
    def watched(self) -> int:
        """How many watches are open."""
        with self._lock:
            return len(self._watches)

    def find(self, kind: str, namespace: str, name: str) -> Json | None:
        """The object, or None. namespace: "" for kinds that have none."""
        with self._lock:
            found = self._held.get((kind, namespace, name))
            return copy(found) if found is not None else None

    def get(self, kind: str, namespace: str, name: str) -> Json:
        """The object; 404 where there is none."""
        found = self.find(kind, namespace, name)
        if found is None:
            raise errors.not_found(BY_KIND[kind], name)
        return found

    def list(
        self, kind: str, namespace: str = "", chosen: Callable[[Json], bool] | None = None
    ) -> list[Json]:
        """Those of a kind, by namespace and name; of one namespace where one is named. ``chosen`` sees the
        stored object and must not change it."""
        with self._lock:
            keys = sorted(
                key for key in self._held if key[0] == kind and (not namespace or key[1] == namespace)
            )
            found = [self._held[key] for key in keys]
            return [copy(one) for one in found if chosen is None or chosen(one)]

    def snapshot(
        self, kind: str, namespace: str = "", chosen: Callable[[Json], bool] | None = None
    ) -> tuple[list[Json], int]:
        """As ``list``, with the version at which it was read: a watch since then misses nothing."""
        with self._lock:
            return self.list(kind, namespace, chosen), self._revision

    def dependents(self, uid: str) -> list[Json]:
        """The objects that name an owner."""
        with self._lock:
            return [copy(self._held[key]) for key in sorted(self._dependents.get(uid, ()))]

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

    # writing

    def create(
        self,
        given: Json,
        *,
        manager: str = CONTROLLERS,
        fields: list[Json] | None = None,
        dry_run: bool = False,
    ) -> Json:
        """A new object, as it is kept; metadata.name or metadata.generateName is needed.

        manager: who is to own its fields. fields: the managedFields, where the caller knows them better.
        """
        kind, made = BY_KIND[given["kind"]], copy(given)
        meta: Json = made.setdefault("metadata", {})
        with self._lock:
            if not meta.get("name") and meta.get("generateName"):
                meta["name"] = self._name(kind, meta)
            key = key_of(made)
            self._check_namespace(kind, key[1], key[2])
            for unset in UNSET:
                meta.pop(unset, None)
            if kind.generation:
                meta["generation"] = 1
            self._rules.defaulted(kind, made)
            self._tracked(kind, None, made, manager, "", fields)
            self._rules.creating(self, kind, made)
            if key in self._held:
                raise errors.already_exists(kind, key[2])
            meta["uid"] = str(uuid.uuid4())
            meta["creationTimestamp"] = timestamp()
            if not dry_run:
                with self._whole():
                    self._write("ADDED", kind, key, made, None)
                    self._rules.created(self, kind, made)
                    if (owned_by := list(owners(made))) and not any(uid in self._by_uid for uid in owned_by):
                        self._delete(
                            kind, key, self._held[key], None, "Background"
                        )  # its owner has just gone
            return copy(made)

    def update(
        self,
        given: Json,
        subresource: str = "",
        *,
        manager: str = CONTROLLERS,
        fields: list[Json] | None = None,
        dry_run: bool = False,
    ) -> Json:
        """Put an object in the place of the one that is there, as it is kept then.

        subresource "": all but the status; "status": the status alone. 409 where metadata.resourceVersion or
        metadata.uid are given and are not those of the object that is there. An object that says nothing new
        is not written, and keeps its version.
        """
        kind, key = BY_KIND[given["kind"]], key_of(given)
        with self._lock:
            before = self._held.get(key)
            if before is None:
                raise errors.not_found(kind, key[2])
            meta, old = given.get("metadata") or {}, before["metadata"]
            if meta.get("uid") and meta["uid"] != old["uid"]:
                raise errors.conflict(
                    kind,
                    key[2],
                    f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: "
                    f"{old['uid']}",
                )
            version = meta.get("resourceVersion")
            if version and str(version) != old["resourceVersion"]:
                raise errors.modified(kind, key[2])
            now = merged(kind, before, given, subresource)
            self._rules.defaulted(kind, now)
            self._tracked(kind, before, now, manager, subresource, fields)
            self._rules.updating(self, kind, before, now, subresource)
            count_generation(kind, before, now)
            if says_the_same(before, now):
                return copy(before)
            if dry_run:
                return now
            with self._whole():
                return self._put(kind, key, before, now)

    def change(
        self,
        kind: str,
        namespace: str,
        name: str,
        function: Callable[[Json], None],
        subresource: str = "",
        *,
        manager: str = CONTROLLERS,
    ) -> Json:
        """Read an object, let ``function`` change it, write it: nobody's write comes between."""
        with self._lock:
            held = self.get(kind, namespace, name)
            function(held)
            return self.update(held, subresource, manager=manager)

    def delete(
        self,
        kind: str,
        namespace: str,
        name: str,
        *,
        grace_s: int | None = None,
        propagation: str = "Background",
        uid: str = "",
        version: str = "",
        dry_run: bool = False,
    ) -> Json:
        """Delete an object; as it last was. It stays, with a deletionTimestamp, while finalizers hold it, a
        pod until its node has ended it (``grace_s=0`` says so), a namespace until it is empty.

        propagation: what becomes of the objects that it owns: Background, Foreground or Orphan. uid, version:
        409 where the object has others.
        """
        row, key = BY_KIND[kind], (kind, namespace, name)
        with self._lock:
            held = self._held.get(key)
            if held is None:
                raise errors.not_found(row, name)
            for word, wanted, become in (
                ("UID", uid, "deleted and then recreated"),
                ("ResourceVersion", version, "modified"),
            ):
                found = held["metadata"]["uid" if word == "UID" else "resourceVersion"]
                if wanted and wanted != found:
                    raise errors.stale_deletion(row, name, word, wanted, found, become)
            if dry_run:
                return copy(held)
            with self._whole():
                return self._delete(row, key, held, grace_s, propagation)

    @contextmanager
    def together(self) -> Generator[None]:
        """Nobody else writes meanwhile, and what is written inside is kept as a whole."""
        with self._lock, self._whole():
            yield

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

    # parts

    def _put(self, kind: Kind, key: Key, before: Json, now: Json) -> Json:
        """Write what an object is from now on. One that only finalizers held goes with the last of them."""
        meta = now["metadata"]
        freed = before["metadata"].get("finalizers") and not meta.get("finalizers")
        ended = not is_running(kind, now) or meta.get("deletionGracePeriodSeconds") == 0
        if meta.get("deletionTimestamp") and freed and ended and kind.kind != "Namespace":
            return self._remove(kind, key, now)
        self._write("MODIFIED", kind, key, now, before)
        if kind.kind == "Namespace":
            self._end_if_empty(key[2])
        return copy(now)

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

    def _tracked(
        self,
        kind: Kind,
        before: Json | None,
        now: Json,
        manager: str,
        subresource: str,
        fields: list[Json] | None,
    ) -> None:
        if fields is None:
            fields = self._rules.managed(kind, before, now, manager, subresource)
        if fields is not None:
            now["metadata"]["managedFields"] = fields

    def _leave(self, watch: Watch) -> None:
        with self._lock:
            if watch in self._watches:
                self._watches.remove(watch)

    def _name(self, kind: Kind, meta: Json) -> str:
        while True:
            tail = "".join(ALPHABET[byte % len(ALPHABET)] for byte in uuid.uuid4().bytes[:NAME_TAIL])
            name = f"{meta['generateName']}{tail}"
            if (kind.kind, str(meta.get("namespace", "")), name) not in self._held:
                return name

    def _check_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        if not kind.namespaced:
            return
        held = self._held.get(("Namespace", "", namespace))
        if held is None:
            raise errors.not_found(BY_KIND["Namespace"], namespace)
        if held["metadata"].get("deletionTimestamp"):
            error = errors.forbidden(
                kind,
                name,
                f"unable to create new content in namespace {namespace} because it is being terminated",
            )
            error.about = {
                **(error.about or {}),
                "causes": [
                    {
                        "reason": "NamespaceTerminating",
                        "message": f"namespace {namespace} is being terminated",
                        "field": "metadata.namespace",
                    }
                ],
            }
            raise error

    def _delete(self, kind: Kind, key: Key, held: Json, grace_s: int | None, propagation: str) -> Json:
        now = copy(held)
        meta = now["metadata"]
        grace = grace_s_of(kind, now, grace_s)
        first = "deletionTimestamp" not in meta
        if propagation == "Orphan":
            self._orphan(meta["uid"])
        elif propagation == "Foreground" and self._dependents.get(meta["uid"]):
            meta["finalizers"] = sorted({*(meta.get("finalizers") or []), FOREGROUND})
        if first or grace < int(meta.get("deletionGracePeriodSeconds") or 0):
            meta["deletionTimestamp"] = timestamp(grace)
            meta["deletionGracePeriodSeconds"] = grace
            if kind.generation:
                meta["generation"] = int(meta.get("generation", 0)) + 1
        if kind.kind == "Namespace":
            return self._end_namespace(key, held, now)
        if not meta.get("finalizers") and (grace == 0 or not is_running(kind, now)):
            return self._remove(kind, key, now)
        if now != held:
            self._write("MODIFIED", kind, key, now, held)
        if FOREGROUND in (meta.get("finalizers") or []):
            self._collect(meta["uid"], "Foreground")
            self._unblock(meta["uid"])
            found = self._held.get(key)
            return copy(found) if found else now
        return copy(now)

    def _end_namespace(self, key: Key, held: Json, now: Json) -> Json:
        """All that is in it goes first; the last of it takes the namespace with it."""
        now.setdefault("status", {})["phase"] = "Terminating"
        if now != held:
            self._write("MODIFIED", BY_KIND["Namespace"], key, now, held)
        for inner in sorted(one for one in self._held if one[1] == key[2]):
            if inner in self._held:
                self._delete(BY_KIND[inner[0]], inner, self._held[inner], None, "Background")
        self._end_if_empty(key[2])
        return copy(now)

    def _end_if_empty(self, namespace: str) -> None:
        key = ("Namespace", "", namespace)
        held = self._held.get(key)
        if held is None or not held["metadata"].get("deletionTimestamp"):
            return
        if held["metadata"].get("finalizers") or any(one[1] == namespace for one in self._held):
            return
        self._write("DELETED", BY_KIND["Namespace"], key, copy(held), held)

    def _remove(self, kind: Kind, key: Key, last: Json) -> Json:
        with self._whole():
            before = self._held[key]
            gone = copy(last)
            self._write("DELETED", kind, key, gone, before)
            self._collect(gone["metadata"]["uid"], "Background")
            for uid in owners(gone):
                self._unblock(uid)
            if key[1]:
                self._end_if_empty(key[1])
            return gone

    def _collect(self, uid: str, propagation: str) -> None:
        """What is owned by an object that is gone, or going, goes; what has another owner left loses this."""
        for key in sorted(self._dependents.get(uid, ())):
            held = self._held.get(key)
            if held is None:
                continue
            others = [one for one in references(held) if one["uid"] != uid and one["uid"] in self._by_uid]
            if others and propagation == "Background":
                now = copy(held)
                now["metadata"]["ownerReferences"] = [copy(one) for one in others]
                self._write("MODIFIED", BY_KIND[key[0]], key, now, held)
            elif not others and "deletionTimestamp" not in held["metadata"]:
                self._delete(BY_KIND[key[0]], key, held, None, propagation)

    def _unblock(self, uid: str) -> None:
        """An owner that waited for the last of its dependents goes."""
        key = self._by_uid.get(uid)
        if key is None or any(blocks(self._held[one], uid) for one in self._dependents.get(uid, ())):
            return
        held = self._held[key]
        finalizers = held["metadata"].get("finalizers") or []
        if FOREGROUND in finalizers:
            now = copy(held)
            now["metadata"]["finalizers"] = [one for one in finalizers if one != FOREGROUND]
            self._put(BY_KIND[key[0]], key, held, now)

    def _orphan(self, uid: str) -> None:
        for key in sorted(self._dependents.get(uid, ())):
            held = self._held[key]
            now = copy(held)
            left = [one for one in references(now) if one["uid"] != uid]
            if left:
                now["metadata"]["ownerReferences"] = left
            else:
                del now["metadata"]["ownerReferences"]
            self._write("MODIFIED", BY_KIND[key[0]], key, now, held)
