"""What a change can hurt, in plain words: data, protection, doors, security."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from infra.graph.model import Graph, Resource
from infra.review.compare import ABSENT, Change, Difference
from infra.review.doors import doors, successors
from infra.review.markdown import code, counted
from infra.review.replacing import children_by
from policies.data import HOLDS
from policies.model import Violation

Kind = Literal["data", "protection", "door", "weaker"]
ORDER: Final[tuple[Kind, ...]] = ("data", "protection", "door", "weaker")
LOCKS: Final = ("authorization:ManagementLockByScope", "authorization:ManagementLockAtResourceGroupLevel")
# What tells somebody, or keeps a record: without it nobody notices.
TELLERS: Final = {
    "monitor:DiagnosticSetting": "what happens there is no longer logged",
    "monitor:MetricAlert": "nobody is told any more",
    "monitor:ScheduledQueryRule": "nobody is told any more",
    "monitor:ActionGroup": "nobody is told any more",
    "consumption:Budget": "nobody is told what it costs any more",
}
# Numbers that weaken something when they fall.
LOWER_IS_WEAKER: Final = {
    "days": "deleted data is kept for a shorter time",
    "retentionInDays": "it is kept for a shorter time",
    "softDeleteRetentionInDays": "what was deleted is kept for a shorter time",
    "immutabilityPeriodSinceCreationInDays": "records can be changed sooner",
}
PROTECTING: Final = {
    "properties.enablePurgeProtection": "a deleted vault can then be purged for good",
    "properties.enableSoftDelete": "a deleted vault is then gone",
    "deleteRetentionPolicy.enabled": "a deleted blob is then gone",
    "containerDeleteRetentionPolicy.enabled": "a deleted container is then gone",
    "shareDeleteRetentionPolicy.enabled": "a deleted share is then gone",
    "isVersioningEnabled": "an overwritten blob is then gone",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of Markdown about one resource. path: the input that it is about, if it is about one."""

    kind: Kind
    resource: Resource
    text: str
    path: str = ""


def findings(
    changes: tuple[Change, ...], base: Graph, head: Graph, worse: Iterable[Violation]
) -> tuple[Finding, ...]:
    """worse: what the policies say of HEAD and did not say of BASE."""
    found = [
        *_data(changes, base),
        *(each for change in changes for each in _protection(change)),
        *(
            Finding("door", door.resource, door.text, door.path)
            for door in (*(one for c in changes for one in doors(c, head)), *successors(changes))
        ),
    ]
    told: dict[str, list[Finding]] = {}
    for each in found:
        told.setdefault(each.resource.identity, []).append(each)
    unlogged = {
        key
        for change in changes
        if change.after is None and change.resource.kind == "DiagnosticSetting"
        for keys in change.resource.references.values()
        for key in keys
    }
    for violation in worse:
        if violation.rule == "data-logs" and violation.resource.key in unlogged:
            continue
        if not _told(violation, told.get(violation.resource.identity, [])):
            text = f"{name(violation.resource)}: {violation.message} (policy {code(violation.rule)})."
            found.append(Finding("weaker", violation.resource, text, violation.path))
    known = {(each.resource.identity, each.path) for each in found}
    lower = (each for change in changes for each in _lower(change))
    found += [each for each in lower if (each.resource.identity, each.path) not in known]
    return tuple(sorted(found, key=_loudness))


def _loudness(each: Finding) -> tuple[int, bool, bool, str]:
    """What lets everybody in comes first, roles last: they stand in the matrix too."""
    role = each.resource.kind == "RoleAssignment"
    return ORDER.index(each.kind), "**everybody**" not in each.text, role, each.resource.key


def _told(violation: Violation, same: list[Finding]) -> bool:
    """Whether a sentence about the resource says it: of the same input, security rules or protection."""
    if violation.path:
        return any(each.path == violation.path for each in same)
    if violation.rule.startswith("nsg-"):
        return any(each.path == "securityRules" for each in same)
    return violation.rule == "data-protected" and any(each.kind == "protection" for each in same)


def name(resource: Resource) -> str:
    """As a reader knows it: the logical name, and the type's last word."""
    return f"{code(resource.name)} ({resource.kind})"


def _data(changes: tuple[Change, ...], base: Graph) -> Iterator[Finding]:
    gone = {c.before.key for c in changes if c.before and c.action in ("removed", "replaced")}
    removed = {c.before.key for c in changes if c.before and c.action == "removed"}
    for change in changes:
        before = change.before
        if before is None or change.action not in ("removed", "replaced"):
            continue
        inside = [child for child in standing_in(before, base) if child.key not in gone]
        holds = HOLDS.get(before.token)
        lost = [HOLDS[child.token] for child in inside if child.token in HOLDS]
        if not holds and not lost:
            continue
        if change.action == "removed" and _parents(before) & removed:
            continue  # said where what it stands in goes
        what = holds or ", ".join(lost)
        if change.action == "removed":
            text = f"{name(before)} **is deleted**: {what} is gone."
        else:
            text = f"{name(before)} **is deleted and made anew**: {what} is gone. Why: {_because(change)}."
        if inside:
            text += f" With it goes what stands in it: {_contents(inside)}."
        inner = {child.key for child in inside}
        if users := _users(before, base, gone | inner):
            text += f" It is still used by {_few(users, 3)}."
        yield Finding("data", before, f"{text} {_held(change, base)}")


def _users(resource: Resource, graph: Graph, without: set[str]) -> list[str]:
    """What refers to it and stays."""
    staying = (each for each in graph.custom if each.key not in without and each.key != resource.key)
    return [
        code(each.name) for each in staying if any(resource.key in keys for keys in each.references.values())
    ]


def _contents(inside: list[Resource]) -> str:
    """What holds data by name, the rest by number."""
    named = [f"{code(each.name)} with {HOLDS[each.token]}" for each in inside if each.token in HOLDS]
    parts = [_few(named)] if named else []
    if rest := len(inside) - len(named):
        parts.append(counted(rest, "part") + (" more" if named else ""))
    return ", ".join(parts)


def _parents(resource: Resource) -> set[str]:
    return {key for path in children_by(resource) for key in resource.references.get(path, ())}


def standing_in(parent: Resource, graph: Graph) -> list[Resource]:
    """What Azure deletes with a resource: whatever names it in its own address, and so on."""
    found: list[Resource] = []
    waiting = [parent.key]
    while waiting:
        key = waiting.pop()
        for child in graph.custom:
            if child not in found and child.key != parent.key and key in _parents(child):
                found.append(child)
                waiting.append(child.key)
    return found


def _because(change: Change) -> str:
    """The inputs that make it anew, with their values."""
    differences = {each.path: each for each in change.differences}
    shown = [f"{code(path)} changes {_values(differences[path])}" for path in change.because]
    return _few(shown, 2) + ", which Azure takes at creation only"


def _values(difference: Difference) -> str:
    return f"from {shown(difference.before)} to {shown(difference.after)}"


def shown(value: Any) -> str:
    return "nothing" if value is ABSENT else code(value)


def _few(items: list[str], most: int = 4) -> str:
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def _held(change: Change, base: Graph) -> str:
    before = change.before
    if before is None:
        return ""
    if before.retain_on_delete:
        return "Pulumi forgets it and leaves it in Azure (retainOnDelete)."
    if before.protect and (change.after is None or change.after.protect):
        return "Pulumi refuses that as long as the resource is protected."
    locked = any(before.key in lock.references.get("scope", ()) for lock in base.all(LOCKS[0]))
    if locked:
        return "Azure refuses that as long as its lock stands."
    return "**Nothing holds it**: neither Pulumi's protection nor a lock."


def _protection(change: Change) -> Iterator[Finding]:
    before, after = change.before, change.after
    if before is None:
        return
    if after is not None and before.protect and not after.protect:
        yield Finding(
            "protection", after, f"{name(after)} loses Pulumi's protection: `pulumi destroy` deletes it."
        )
    if after is not None and before.retain_on_delete and not after.retain_on_delete:
        yield Finding(
            "protection", after, f"{name(after)} loses retainOnDelete: Pulumi deletes it in Azure too."
        )
    if before.token in LOCKS and (after is None or change.action == "replaced" or _level(before, after)):
        target = before.references.get("scope", ()) or (str(before.inputs.get("scope", "")),)
        of = ", ".join(code(key.rpartition("::")[2]) for key in target)
        what = "is taken away" if after is None else "is made anew or weaker"
        yield Finding(
            "protection", before, f"The lock {code(before.name)} on {of} {what}: it can be deleted."
        )
    if before.token in TELLERS and after is None:
        of = ", ".join(code(key.rpartition("::")[2]) for key in before.references.get("resourceUri", ()))
        text = f"{name(before)}{f' of {of}' if of else ''} is taken away: {TELLERS[before.token]}."
        yield Finding("protection", before, text)
    for difference in change.differences:
        if after is not None and difference.path in PROTECTING and difference.before is True:
            text = f"{name(after)}: {code(difference.path)} goes off: {PROTECTING[difference.path]}."
            yield Finding("protection", after, text, difference.path)


def _level(before: Resource, after: Resource) -> bool:
    return before.inputs.get("level") != after.inputs.get("level")


def _lower(change: Change) -> Iterator[Finding]:
    if change.after is None or change.before is None:
        return
    for difference in change.differences:
        last = difference.path.rpartition(".")[2]
        before, after = difference.before, difference.after
        if (
            last in LOWER_IS_WEAKER
            and isinstance(before, int)
            and not (isinstance(after, int) and after >= before)
        ):
            words = f"{code(difference.path)} falls {_values(difference)}: {LOWER_IS_WEAKER[last]}."
            yield Finding("weaker", change.after, f"{name(change.after)}: {words}", difference.path)
