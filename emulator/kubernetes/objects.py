"""The objects of one cluster, as etcd and the generic registry of an API server keep them.

Whoever acts on a cluster, its API and its controllers, reads and writes here: versions, generations, owners,
finalizers and namespaces are kept right by the store itself. Objects are JSON as the API has them. What is
handed out belongs to the caller; what is handed in stays the caller's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from emulator.arm.store import Store
from emulator.kubernetes import errors
from emulator.kubernetes.deletion import Deletion
from emulator.kubernetes.kinds import BY_KIND, Kind
from emulator.kubernetes.metadata import (
    Json,
    copy,
    count_generation,
    key_of,
    merged,
    owners,
    says_the_same,
    timestamp,
)

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


class Objects(Deletion):
    """Thread-safe. Every write is kept before the call returns. Refusals are ``errors.ApiError``."""

    def __init__(self, store: Store, cluster: str, rules: Rules | None = None) -> None:
        """cluster: the key of the cluster, without ``|``."""
        super().__init__(store, cluster)
        self._rules = rules or Rules()

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
