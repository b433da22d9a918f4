"""Two graphs of a stack, and what Pulumi would do to come from one to the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from infra.graph.model import Graph, Resource
from infra.review.replacing import remade_by

Action = Literal["added", "removed", "replaced", "changed", "kept"]


class _Absent:
    def __repr__(self) -> str:
        return "not set"


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One input that differs. path: wire names joined by "."; an item of a list stands in brackets."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One resource before and after. because: the inputs for which it is made anew."""

    action: Action
    before: Resource | None
    after: Resource | None
    differences: tuple[Difference, ...] = ()
    because: tuple[str, ...] = ()

    @property
    def resource(self) -> Resource:
        """As it will be, or as it was when it goes."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change of nothing")
        return found

    @property
    def renamed(self) -> bool:
        """Whether an alias says that it had another name or parent."""
        return bool(self.before and self.after and self.before.identity != self.after.identity)

    @property
    def options(self) -> tuple[str, ...]:
        """Which options changed, in the program's words."""
        if not self.before or not self.after:
            return ()
        pairs = (
            ("protect", self.before.protect, self.after.protect),
            ("retainOnDelete", self.before.retain_on_delete, self.after.retain_on_delete),
            ("ignoreChanges", set(self.before.ignore_changes), set(self.after.ignore_changes)),
            ("replaceOnChanges", set(self.before.fixed), set(self.after.fixed)),
            ("deleteBeforeReplace", self.before.delete_before_replace, self.after.delete_before_replace),
        )
        return tuple(name for name, before, after in pairs if before != after)


def compare(base: Graph, head: Graph) -> tuple[Change, ...]:
    """Every resource of both graphs, in the order of HEAD; what goes comes last."""
    pairs = dict(matched(base, head))
    found: list[Change] = []
    for after in head.resources:
        before = pairs.get(after.identity)
        found.append(_change(before, after) if before else Change("added", None, after))
    kept = {before.identity for before in pairs.values()}
    found += [Change("removed", before, None) for before in base.resources if before.identity not in kept]
    return tuple(found)


def _change(before: Resource, after: Resource) -> Change:
    ignored = after.ignore_changes
    differences = tuple(
        each for each in differing(before.inputs, after.inputs) if not covered(each.path, ignored)
    )
    because = remade_by(after, [each.path for each in differences]) if after.custom else ()
    change = Change("kept", before, after, differences, because)
    action: Action = "replaced" if because else "changed" if differences or change.options else "kept"
    return Change(action, before, after, differences, because)


def covered(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path is one of these or stands under one."""
    plain = path.replace("[", ".").replace("]", "")
    tests = (pattern.replace("[", ".").replace("]", "").removesuffix(".*") for pattern in patterns)
    return any(plain == test or plain.startswith(f"{test}.") for test in tests)


def matched(base: Graph, head: Graph) -> Iterator[tuple[str, Resource]]:
    """HEAD's identities with the resource of BASE that each is: by its URN, or by an alias."""
    left = {resource.identity: resource for resource in base.resources}
    became: dict[str, Resource] = {}  # of those that were renamed, by the new identity
    for after in head.resources:
        if after.identity in left:
            yield after.identity, left.pop(after.identity)
    known = {resource.identity for resource in base.resources}
    rest = [after for after in head.resources if after.identity not in known]
    for after in sorted(rest, key=lambda r: r.within.count("$") + bool(r.within)):
        for candidate in (*after.aliases, *_inherited(after, became), *_same_kind(after, left)):
            if candidate in left:
                before = left.pop(candidate)
                became[after.identity] = before
                yield after.identity, before
                break


def _inherited(after: Resource, became: dict[str, Resource]) -> Iterator[str]:
    """A child of a renamed parent had the parent's types, and its name where it began with the parent's."""
    for identity, before in became.items():
        types, _, name = identity.rpartition("::")
        if after.within != types or after.parent != name:
            continue
        old = before.identity.rpartition("::")[0]
        names = {after.name}
        if after.name.startswith(name):
            names.add(before.name + after.name[len(name) :])
        yield from (f"{old}${after.type}::{each}" for each in sorted(names))


def _same_kind(after: Resource, left: dict[str, Resource]) -> Iterator[str]:
    """The SDK's own aliases: a type that moved to another of Azure's modules or versions."""
    for identity, before in left.items():
        same_place = before.within == after.within and before.name == after.name
        if same_place and before.custom and after.custom and before.kind == after.kind:
            yield identity


def differing(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Where two inputs differ. Lists of named items are compared by name, lists of words as sets."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            here = f"{path}.{key}" if path else key
            yield from differing(before.get(key, ABSENT), after.get(key, ABSENT), here)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path)
    elif type(before) is not type(after) or before != after:
        yield Difference(path, before, after)


def _lists(before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    old, new = _by_name(before), _by_name(after)
    if old is not None and new is not None and (old or new):
        for name in sorted({*old, *new}):
            yield from differing(old.get(name, ABSENT), new.get(name, ABSENT), f"{path}[{name}]")
        return
    if all(not isinstance(item, dict | list) for item in (*before, *after)):
        # As JSON: true is not 1 there.
        old_words, new_words = [json.dumps(item) for item in before], [json.dumps(item) for item in after]
        gone = [item for item, word in zip(before, old_words, strict=True) if word not in new_words]
        come = [item for item, word in zip(after, new_words, strict=True) if word not in old_words]
        yield from (Difference(f"{path}[]", item, ABSENT) for item in gone)
        yield from (Difference(f"{path}[]", ABSENT, item) for item in come)
        if not gone and not come and sorted(old_words) != sorted(new_words):
            yield Difference(path, before, after)
        return
    for place in range(max(len(before), len(after))):
        old_item = before[place] if place < len(before) else ABSENT
        new_item = after[place] if place < len(after) else ABSENT
        yield from differing(old_item, new_item, f"{path}[{place}]")


# What names an item of a list: its name, or what a firewall's rule lets in.
NAMES: Final = (
    "name",
    "value",
    "iPAddressOrRange",
    "virtualNetworkResourceId",
    "id",
    "service",
    "categoryGroup",
)


def _by_name(items: list[Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for item in items:
        if not isinstance(item, dict):
            return None
        name = next((item[key] for key in NAMES if isinstance(item.get(key), str)), None)
        if name is None or name in found:
            return None
        found[name] = item
    return found


def flattened(inputs: Any) -> Iterator[Difference]:
    """All inputs of a resource that is new, as differences from nothing."""
    for each in differing({}, inputs):
        yield from _leaves(each.path, each.after)


def _leaves(path: str, value: Any) -> Iterator[Difference]:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _leaves(f"{path}.{key}", value[key])
    elif isinstance(value, list) and value:
        named = _by_name(value)
        for name, item in (named or {str(i): item for i, item in enumerate(value)}).items():
            yield from _leaves(f"{path}[{name}]", item)
    else:
        yield Difference(path, ABSENT, value)
