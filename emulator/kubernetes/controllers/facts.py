"""What controllers read in objects: owners, selectors, conditions, times, whether a pod is ready."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from emulator.kubernetes.quantity import parse

Json = dict[str, Any]
ENDED: Final = ("Succeeded", "Failed")


def spell(at: datetime) -> str:
    """A time as objects have it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str | None) -> datetime | None:
    """The time that an object says, None where it says none."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def matches(selector: Json | None, labels: Json | None) -> bool:
    """Whether labels fit a label selector. None selects nothing, an empty one everything."""
    if selector is None:
        return False
    held = labels or {}
    if any(held.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_fits(one, held) for one in selector.get("matchExpressions") or [])


def _fits(expression: Json, labels: Json) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    return (key in labels) == (operator == "Exists")


def owner(one: Json) -> Json | None:
    """The reference to the controller of an object, None where it has none."""
    for reference in one["metadata"].get("ownerReferences") or []:
        if reference.get("controller"):
            return reference
    return None


def owned(by: Json, among: Iterable[Json]) -> list[Json]:
    """The objects whose controller another one is."""
    uid = by["metadata"]["uid"]
    return [one for one in among if (owner(one) or {}).get("uid") == uid]


def reference(to: Json) -> Json:
    """The reference by which an object names its controller."""
    meta = to["metadata"]
    return {
        "apiVersion": to["apiVersion"],
        "kind": to["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition(one: Json, kind: str) -> Json | None:
    """A condition in an object's status."""
    for held in (one.get("status") or {}).get("conditions") or []:
        if held["type"] == kind:
            return held
    return None


def holds(one: Json, kind: str) -> bool:
    """Whether a condition is True."""
    return (condition(one, kind) or {}).get("status") == "True"


def with_condition(
    conditions: list[Json], kind: str, status: str, reason: str, message: str, now: datetime, **more: str
) -> list[Json]:
    """The conditions with one of them as it is now: the time of its transition changes with its status."""
    made: Json = {"type": kind, "status": status}
    made |= {"reason": reason} if reason else {}
    made |= {"message": message} if message else {}
    held = next((one for one in conditions if one["type"] == kind), None)
    since = held["lastTransitionTime"] if held and held["status"] == status else spell(now)
    made |= {"lastTransitionTime": since, **more}
    return [made if one["type"] == kind else one for one in conditions] + ([] if held else [made])


def is_ready(pod: Json) -> bool:
    """Whether a pod is ready."""
    return holds(pod, "Ready")


def is_active(pod: Json) -> bool:
    """Whether a pod counts: it has not ended, and is not to end."""
    phase = (pod.get("status") or {}).get("phase")
    return phase not in ENDED and not pod["metadata"].get("deletionTimestamp")


def available_in(pod: Json, least_s: int, now: datetime) -> float | None:
    """In how many seconds a pod counts as available: 0 when it does by now, None when it is not ready."""
    if not is_ready(pod):
        return None
    since = moment((condition(pod, "Ready") or {}).get("lastTransitionTime"))
    if not least_s or since is None:
        return 0.0 if not least_s else None
    return max(0.0, least_s - (now - since).total_seconds())


def amount(quantity: Any) -> float:
    """The value of a quantity that was admitted: cores, bytes. 0 where none is given."""
    return float(parse(str(quantity)) or 0) if quantity is not None else 0.0


def requested(pod: Json, resource: str) -> float:
    """What all containers of a pod request of cpu or memory."""
    return sum(
        amount(((one.get("resources") or {}).get("requests") or {}).get(resource))
        for one in pod["spec"]["containers"]
    )
