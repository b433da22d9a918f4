"""What services register with ARM: hooks of single types, actions, answers of their own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from emulator.arm.ids import RESOURCE_GROUP, SUBSCRIPTION
from emulator.errors import NotEmulated
from emulator.http import Handler, Request, Response
from emulator.principal import Principal

Json = dict[str, Any]


@dataclass(slots=True)
class Put:
    """A resource about to be stored, or just stored. ``resource`` may be changed before it is stored."""

    id: str
    resource: Json
    old: Json | None
    principal: Principal | None
    body: Json = field(default_factory=dict[str, Any])  # as the client sent it
    query: Mapping[str, str] = field(default_factory=dict[str, str])  # names in lower case

    @property
    def properties(self) -> Json:
        return self.resource["properties"]


@dataclass(slots=True)
class Action:
    """A POST (or GET) of ``…/{resource}/{name}``; ``id`` is the resource acted on."""

    id: str
    name: str
    body: Json
    query: dict[str, str]
    headers: dict[str, str]
    principal: Principal | None
    method: str = "POST"


PutHook = Callable[[Put], None]
DeleteHook = Callable[[Json], None]
GetHook = Callable[[Json], Json]
ListHook = Callable[["list[Json]", dict[str, str]], "list[Json]"]
Virtual = Callable[[str], "Json | None"]
ActionHook = Callable[[Action], Any]
Special = Callable[[Request, "re.Match[str]", "Principal"], Response]
F = TypeVar("F")


class Hooks:
    """The registrations of all services, by type in lower case; "*" stands for every type."""

    def __init__(self) -> None:
        self._declared: set[str] = {SUBSCRIPTION.lower(), RESOURCE_GROUP.lower()}
        self._before_put: dict[str, list[PutHook]] = defaultdict(list)
        self._after_put: dict[str, list[PutHook]] = defaultdict(list)
        self._with_put: dict[str, list[PutHook]] = defaultdict(list)
        self._with_delete: dict[str, list[DeleteHook]] = defaultdict(list)
        self._before_delete: dict[str, list[DeleteHook]] = defaultdict(list)
        self._after_delete: dict[str, list[DeleteHook]] = defaultdict(list)
        self._on_get: dict[str, list[GetHook]] = defaultdict(list)
        self._on_list: dict[str, list[ListHook]] = defaultdict(list)
        self._virtual: dict[str, Virtual] = {}
        self._actions: dict[tuple[str, str], ActionHook] = {}
        self._refused: dict[str, str] = {}  # type as Azure spells it -> what to use instead
        self.public: dict[tuple[str, str], Handler] = {}
        self.specials: list[tuple[str, re.Pattern[str], Special]] = []

    def declare(self, *arm_types: str) -> None:
        """Say that types are emulated although no hook and no catalog entry names them."""
        self._declared.update(arm_type.lower() for arm_type in arm_types)

    def before_put(self, arm_type: str) -> Callable[[PutHook], PutHook]:
        """Validate and fill computed properties. Runs under a lock: be quick. ``"*"`` is every type."""
        return self._register(self._before_put, arm_type)

    def refuse(self, arm_type: str, instead: str) -> None:
        """Refuse to create any resource of a type that would only look as if it worked.

        instead: what to use in its place; the error says it, and so does docs/emulator.md
        """
        self._refused[arm_type] = instead

        @self.before_put(arm_type)
        def never(put: Put) -> None:
            raise NotEmulated(f"{arm_type} ({put.resource['name']!r}); {instead}")

    def with_put(self, arm_type: str) -> Callable[[PutHook], PutHook]:
        """Write what belongs to the resource: in its transaction, so that a kill leaves both or neither."""
        return self._register(self._with_put, arm_type)

    def after_put(self, arm_type: str) -> Callable[[PutHook], PutHook]:
        """Effects, once the resource and all that is put with it are kept; see ``Effects``. When one raises,
        the resource stays, as ``Failed``, and the request gets the error; the same PUT again runs all."""
        return self._register(self._after_put, arm_type)

    def before_delete(self, arm_type: str) -> Callable[[DeleteHook], DeleteHook]:
        """Refuse a deletion; runs for each resource of the subtree."""
        return self._register(self._before_delete, arm_type)

    def with_delete(self, arm_type: str) -> Callable[[DeleteHook], DeleteHook]:
        """As ``with_put``; runs for each resource of the subtree, innermost first."""
        return self._register(self._with_delete, arm_type)

    def after_delete(self, arm_type: str) -> Callable[[DeleteHook], DeleteHook]:
        """Effects, once the resource is gone; runs for each resource of the subtree, innermost first. When
        one raises, the resource stays deleted and the request gets the error."""
        return self._register(self._after_delete, arm_type)

    def on_get(self, arm_type: str) -> Callable[[GetHook], GetHook]:
        """Fill what is computed at reading time; runs for members of lists too."""
        return self._register(self._on_get, arm_type)

    def on_list(self, arm_type: str) -> Callable[[ListHook], ListHook]:
        """Filter, order or extend a list; gets the query (keys lower case)."""
        return self._register(self._on_list, arm_type)

    def virtual(self, arm_type: str) -> Callable[[Virtual], Virtual]:
        """Answer for an id that is not in the store, such as a built-in role."""

        def keep(function: Virtual) -> Virtual:
            self._declared.add(arm_type.lower())
            self._virtual[arm_type.lower()] = function
            return function

        return keep

    def action(self, arm_type: str, name: str) -> Callable[[ActionHook], ActionHook]:
        """Answer ``POST …/{name}`` on a resource of the type (or GET where that is no collection)."""

        def keep(function: ActionHook) -> ActionHook:
            self._declared.add(arm_type.lower())
            self._actions[arm_type.lower(), name.lower()] = function
            return function

        return keep

    def without_token(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """Answer a path (lower case) that anybody may ask for, before it is asked who that is."""

        def keep(function: Handler) -> Handler:
            self.public[method, path] = function
            return function

        return keep

    def special(self, method: str, pattern: str) -> Callable[[Special], Special]:
        """Answer paths of no resource, such as ``/subscriptions/…/providers`` (a regular expression)."""

        def keep(function: Special) -> Special:
            self.specials.append((method, re.compile(pattern, re.IGNORECASE), function))
            return function

        return keep

    def _register(self, table: dict[str, list[F]], arm_type: str) -> Callable[[F], F]:
        def keep(function: F) -> F:
            if arm_type != "*":
                self._declared.add(arm_type.lower())
            table[arm_type.lower()].append(function)
            return function

        return keep

    def hooked(self) -> set[str]:
        """The types (lower case) that have a hook, an answer of their own or an action."""
        puts = (self._before_put, self._with_put, self._after_put)
        tables = (*puts, self._before_delete, self._with_delete, self._after_delete)
        hooks = {kind for table in (*tables, self._on_get, self._on_list) for kind in table if table[kind]}
        return (hooks | self._virtual.keys() | {kind for kind, _ in self._actions}) - {"*"}

    def refused(self) -> dict[str, str]:
        """The types of which nothing can be created, and for each what to use instead."""
        return dict(self._refused)

    def actions(self) -> set[tuple[str, str]]:
        """Type and name (lower case) of each action that is answered."""
        return set(self._actions)
