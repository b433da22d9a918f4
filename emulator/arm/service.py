"""ARM's semantics over the store: what a PUT, PATCH, GET, DELETE or POST does, whoever sends it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from emulator.arm import bodies, catalog, computed, creations, inline, links, locks, members, rules, spellings
from emulator.arm.creations import Creation
from emulator.arm.effects import Effects
from emulator.arm.hooks import Action, Hooks, Put, PutHook
from emulator.arm.ids import RESOURCE_GROUP, SUBSCRIPTION, ArmId, fold, parse, parse_resource
from emulator.arm.pending import Pending
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated, not_found
from emulator.principal import Principal

Json = dict[str, Any]
Condition = Callable[["Json | None"], None]
"""Raises when what there is (None: nothing) is not what the client wants to change."""


class Arm(Hooks):
    """The resource store with the rules that hold for every type, and the hooks for those of single types."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.pending = Pending()
        self._effects = Effects(store)
        self._deleting = threading.local()

    def known(self, arm_type: str) -> bool:
        """Whether the type is emulated."""
        return arm_type.lower() in self._declared or catalog.find(arm_type) is not None

    def require_known(self, parsed: ArmId) -> None:
        """NotEmulated for a type that is neither in the catalog nor declared by a service."""
        if not self.known(parsed.type):
            raise NotEmulated(f"resource type {parsed.type}")

    def put(
        self,
        resource_id: str,
        body: Json,
        *,
        merge: bool = False,
        principal: Principal | None = None,
        creation: Creation | None = None,
        condition: Condition | None = None,
        query: Mapping[str, str] | None = None,
    ) -> tuple[Json, bool]:
        """Create or replace (``merge``: patch) a resource. Returns it, and whether it is new.

        creation: as what a program creates it; kept with a new resource
        query: what the client says beside the id (names in lower case), for the hooks
        """
        parsed = parse_resource(resource_id)
        self.require_known(parsed)
        kind = parsed.type.lower()
        with self._effects.operation():
            if condition is not None:
                condition(self.find(parsed.text))
            old = self.store.get(parsed.text)
            if merge and old is None:
                raise not_found(parsed.text)
            locks.check_write(self.store, parsed.text)
            if old is None:
                rules.check_name(self.store, parsed)
            absent = self._absent_parent(parsed)
            resource = _merged(old, body) if merge and old else copy.deepcopy(body)
            members.check(resource)
            bodies.check(kind, resource)
            computed.strip(kind, resource)
            inline_children = inline.take(kind, resource)
            self._finish(parsed, resource, old, principal)
            spellings.correct(kind, resource)
            links.check(self.exists, resource)
            put = Put(parsed.text, resource, old, principal, body, query or {})
            for hook in (*self._before_put["*"], *self._before_put[kind]):
                hook(put)
            with self.store.transaction():
                if absent is not None:
                    self.put(absent, {})
                self.store.put(parsed.text, put.resource)
                for hook in (*self._with_put["*"], *self._with_put[kind]):
                    hook(put)
                if creation is not None and old is None:
                    creations.record(self.store, creation, parsed.text)
                with self._written_whole(parsed.text):
                    for child_id, child in inline_children(self.store, parsed.text):
                        if child is None:
                            self.delete(child_id)
                        else:
                            self.put(child_id, child, principal=principal)
                for collection in rules.companions(parsed.type) if old is None else ():
                    self.put(f"{parsed.text}/{collection}/default", {}, principal=principal)
                for hook in (*self._after_put["*"], *self._after_put[kind]):
                    self._effects.add(partial(self._follow, hook, put), fold(parsed.text))
                self._effects.add(_nothing, fold(parsed.text))  # waits for those of an earlier deletion
        return self.get(parsed.text), old is None

    def get(self, resource_id: str) -> Json:
        """The resource with what is computed at reading time; 404 ResourceNotFound."""
        parsed = parse_resource(resource_id)
        self.require_known(parsed)
        found = self.find(parsed.text)
        if found is None:
            raise _missing(parsed)
        return found

    def find(self, resource_id: str) -> Json | None:
        """As ``get``; None for what does not exist."""
        resource = self.store.get(resource_id)
        if resource is None:
            parsed = parse(resource_id)
            virtual = self._virtual.get(parsed.type.lower()) if parsed else None
            return virtual(resource_id) if virtual else None
        return self._shown(resource)

    def exists(self, resource_id: str) -> bool:
        """Whether there is a resource with the id, built-in ones included."""
        if self.store.get(resource_id) is not None:
            return True
        parsed = parse(resource_id)
        virtual = self._virtual.get(parsed.type.lower()) if parsed else None
        return virtual is not None and virtual(resource_id) is not None

    def list(self, collection_id: str, query: dict[str, str] | None = None) -> list[Json]:
        """The members of a collection: of a parent, or of a type in a group or subscription."""
        parsed = parse(collection_id)
        if parsed is None or not parsed.is_collection:
            raise ValueError(f"not an ARM collection: {collection_id!r}")
        self.require_known(parsed)
        parent = parse(parsed.parent) if parsed.parent else None
        # versions are looked up (codes by hash) under names that do not exist yet: an empty list, not 404
        if parent and not rules.comes_with_child(parent.type) and self.find(parsed.parent) is None:
            raise _missing(parent)
        nested = len(parsed.names) > 0 or parsed.type.lower() in {
            SUBSCRIPTION.lower(),
            RESOURCE_GROUP.lower(),
        }
        found = (
            self.store.children(collection_id) if nested else self.store.by_type(parsed.type, parsed.scope)
        )
        items = [self._shown(item) for item in found]
        for hook in self._on_list[parsed.type.lower()]:
            items = hook(items, {**(query or {}), "": parsed.text})
        return items

    def delete(
        self, resource_id: str, *, query: Mapping[str, str] | None = None, condition: Condition | None = None
    ) -> None:
        """Delete a resource and all under it; nothing happens when it does not exist.

        query: what the client says beside the id (names in lower case), for the hooks
        """
        parsed = parse_resource(resource_id)
        self.require_known(parsed)
        with self._effects.operation(), self._deletion_of(parsed.text, query or {}):
            if condition is not None:
                condition(self.find(parsed.text))
            root = self.store.get(parsed.text)
            if root is None:
                return
            gone = [*reversed(self.store.subtree(parsed.text)), root]
            locks.check_delete(self.store, parsed.text)
            for item in gone:
                for hook in (*self._before_delete["*"], *self._before_delete[item["type"].lower()]):
                    hook(item)
            with self.store.transaction():
                for gone_id in self.store.delete(parsed.text):
                    creations.forget(self.store, gone_id)
                for item in gone:
                    for hook in (*self._with_delete["*"], *self._with_delete[item["type"].lower()]):
                        hook(item)
                for item in gone:
                    for hook in (*self._after_delete["*"], *self._after_delete[item["type"].lower()]):
                        self._effects.add(partial(hook, item), fold(item["id"]))

    @property
    def deletion_root(self) -> str:
        """The id whose deletion is under way in this thread, "" when none is: what lies under it goes too."""
        return getattr(self._deleting, "root", "")

    @property
    def deletion_query(self) -> Mapping[str, str]:
        """What the client said with the deletion of ``deletion_root``."""
        return getattr(self._deleting, "query", {})

    def act(self, action: Action) -> Any:
        """Run an action on a resource that exists (or on a subscription's provider)."""
        parsed = parse(action.id)
        kind = parsed.type.lower() if parsed else ""
        hook = self._actions.get((kind, action.name.lower()))
        if parsed is None or hook is None:
            raise NotEmulated(f"action {action.name} on {parsed.type if parsed else action.id}")
        row = catalog.find(parsed.type)
        # Of a type whose one name is fixed, other names are no resources: their action is its parent's.
        kept = row is not None and (bool(row.own_name) or fold(row.path).endswith(f"/{fold(parsed.name)}"))
        if kept and not parsed.is_collection and not self.exists(parsed.text):
            raise _missing(parsed)
        if action.method == "POST":
            locks.check_action(self.store, parsed.text, action.name)
        return hook(action)

    def has_action(self, arm_type: str, name: str) -> bool:
        """Whether an action of that name is answered for the type."""
        return (arm_type.lower(), name.lower()) in self._actions

    def in_turn(self, resource_id: str, effect: Callable[[], None]) -> None:
        """Run what is no part of a change, but has to keep its order with the effects of changes."""
        self._effects.add(effect, fold(resource_id))

    # parts

    def _follow(self, hook: PutHook, put: Put) -> None:
        """An effect of a PUT. One that fails leaves the resource as Azure does: there, and Failed."""
        if self.store.get(put.id) is None:
            return  # deleted meanwhile
        try:
            hook(put)
        except Exception:
            with self._effects.alone():
                held = self.store.get(put.id)
                if held is not None and held["systemData"] == put.resource["systemData"]:
                    held["properties"]["provisioningState"] = "Failed"
                    self.store.put(put.id, held)
            raise

    @property
    def written_whole(self) -> str:
        """The id of the resource whose body is being written with all its children, "" when none is: what
        stands beside a child may be about to change too."""
        return getattr(self._deleting, "whole", "")

    @contextmanager
    def _written_whole(self, resource_id: str) -> Generator[None]:
        before, self._deleting.whole = self.written_whole, resource_id
        try:
            yield
        finally:
            self._deleting.whole = before

    @contextmanager
    def _deletion_of(self, root: str, query: Mapping[str, str]) -> Generator[None]:
        if self.deletion_root:
            yield
            return
        self._deleting.root, self._deleting.query = root, query
        try:
            yield
        finally:
            self._deleting.root, self._deleting.query = "", {}

    def _shown(self, resource: Json) -> Json:
        kind = resource["type"].lower()
        resource = inline.give_back(self.store, kind, resource)
        for hook in self._on_get[kind]:
            resource = hook(resource)
        if state := self.pending.state(resource["id"]):
            resource["properties"]["provisioningState"] = state
        return computed.fill(self.store, resource)

    def _absent_parent(self, parsed: ArmId) -> str | None:
        """The parent that is to be made with its first child, None when it is there; else 404."""
        if not parsed.parent or self.exists(parsed.parent):
            return None
        parent = parse(parsed.parent)
        if parent is None or parent.is_collection:
            raise AzureError(400, "InvalidResourceId", f"The id '{parsed.text}' has no valid parent.")
        if rules.comes_with_child(parent.type):
            self._absent_parent(parent)
            return parent.text
        if parent.type in (SUBSCRIPTION, RESOURCE_GROUP) or parsed.parent == parsed.scope:
            raise _missing(parent)
        raise AzureError(
            404,
            "ParentResourceNotFound",
            f"Failed to perform 'write' on resource(s) of type '{parsed.type.split('/', 1)[-1]}', "
            f"because the parent resource '{parsed.parent}' could not be found.",
        )

    def _finish(self, parsed: ArmId, resource: Json, old: Json | None, principal: Principal | None) -> None:
        """Set what ARM sets on every resource."""
        if old and "location" in old:
            asked = resource.setdefault("location", old["location"])
            if _location(asked) != _location(old["location"]):
                raise AzureError(
                    409,
                    "InvalidResourceLocation",
                    f"The resource '{parsed.name}' already exists in location '{old['location']}'. "
                    f"A resource with the same name cannot be created in location '{asked}'.",
                )
        if isinstance(resource.get("location"), str):
            resource["location"] = _location(resource["location"])
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        before = (old or {}).get("systemData", {})
        by = {"lastModifiedBy": principal.object_id} if principal else {}
        if creator := before.get("createdBy") or (principal.object_id if principal and old is None else ""):
            by["createdBy"] = creator
        resource["id"] = old["id"] if old else parsed.text
        resource["name"] = old["name"] if old else parsed.name
        resource["type"] = parsed.type
        resource["systemData"] = {
            "createdAt": before.get("createdAt", now),
            "createdByType": "Application",
            "lastModifiedAt": now,
            "lastModifiedByType": "Application",
            **by,
        }
        properties = resource.setdefault("properties", {})
        properties["provisioningState"] = "Succeeded"


def _nothing() -> None:
    pass


def _location(name: str) -> str:
    return name.replace(" ", "").lower()


def _merged(old: Json, patch: Json) -> Json:
    """RFC 7396, but tags are replaced as a whole, as ARM does."""
    merged = copy.deepcopy(old)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif key != "tags" and isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def _missing(parsed: ArmId) -> AzureError:
    if parsed.type == SUBSCRIPTION:
        return AzureError(
            404, "SubscriptionNotFound", f"The subscription '{parsed.name}' could not be found."
        )
    if parsed.type == RESOURCE_GROUP:
        return AzureError(404, "ResourceGroupNotFound", f"Resource group '{parsed.name}' could not be found.")
    return not_found(parsed.text)
