"""The arithmetic of a rolling update, as `pkg/controller/deployment` of Kubernetes 1.33 has it.

Every function is pure: counts in, counts out. Numbers are of pods.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

IntOrPercent = int | str


@dataclass(frozen=True, slots=True)
class Counts:
    """One ReplicaSet: how many pods it is to have, how many are available.

    made: its place in the order of creation, oldest first. before: the most pods that its Deployment allowed
    when it was last scaled (annotation `deployment.kubernetes.io/max-replicas`), 0 when that is not known.
    """

    name: str
    replicas: int
    available: int = 0
    made: int = 0
    before: int = 0


def scaled(value: IntOrPercent, total: int, *, up: bool) -> int:
    """A number, or a percentage of ``total`` rounded up or down. ValueError for any other text."""
    if isinstance(value, int):
        return value
    if not value.endswith("%") or not value[:-1].isdigit():
        raise ValueError(f"{value!r} is neither a number nor a percentage")
    part = int(value[:-1]) * total
    return -(-part // 100) if up else part // 100


def bounds(surge: IntOrPercent, unavailable: IntOrPercent, replicas: int) -> tuple[int, int]:
    """maxSurge rounded up and maxUnavailable rounded down. Where both are 0 one pod may be missing, for the
    update would never move; no more are ever missing than there are to be."""
    most = scaled(surge, replicas, up=True)
    missing = scaled(unavailable, replicas, up=False)
    if most == 0 and missing == 0:
        missing = 1
    return most, min(missing, replicas)


def grown(replicas: int, surge: int, new: Counts, old: Sequence[Counts]) -> int:
    """How many pods the new ReplicaSet is to have now: as many more as the surge leaves room for."""
    if new.replicas >= replicas:
        return replicas
    room = replicas + surge - new.replicas - sum(one.replicas for one in old)
    return new.replicas + max(0, min(room, replicas - new.replicas))


def shrunk(replicas: int, unavailable: int, new: Counts, old: Sequence[Counts]) -> list[Counts]:
    """The old ReplicaSets as they are to be now, in the order given: those whose number changes alone.

    What is not available goes first, the oldest ReplicaSet's before a younger one's; then what is available,
    as long as enough stay. A new ReplicaSet that does not become available keeps the old pods where they are.
    """
    least = replicas - unavailable
    missing = new.replicas - new.available
    cleanable = sum(one.replicas for one in (*old, new)) - least - missing
    if cleanable <= 0:
        return []
    now = {one.name: one for one in old}
    for one in sorted(old, key=lambda each: each.made):
        sick = min(cleanable, one.replicas - one.available)
        if sick > 0:
            now[one.name] = replace(one, replicas=one.replicas - sick)
            cleanable -= sick
    spare = sum(one.available for one in (*old, new)) - least
    for one in sorted(now.values(), key=lambda each: each.made):
        less = min(spare, one.replicas)
        if less > 0:
            now[one.name] = replace(one, replicas=one.replicas - less)
            spare -= less
    return [now[one.name] for one in old if now[one.name].replicas != one.replicas]


def proportional(replicas: int, surge: int, sets: Sequence[Counts]) -> dict[str, int]:
    """A Deployment that is scaled in the middle of an update: the pods of each active ReplicaSet, by name.

    The difference is shared by size; what is left over by rounding falls to the largest.
    """
    active = [one for one in sets if one.replicas > 0]
    allowed = replicas + surge if replicas > 0 else 0
    more = allowed - sum(one.replicas for one in active)
    # The younger of two of one size grows, the older shrinks.
    order = sorted(active, key=lambda one: (-one.replicas, -one.made if more > 0 else one.made))
    result: dict[str, int] = {}
    added = 0
    for one in order:
        share = _share(one, replicas, surge, more, added) if more else 0
        result[one.name] = one.replicas + share
        added += share
    if order and more:
        first = order[0].name
        result[first] = max(0, result[first] + more - added)
    return result


def _share(one: Counts, replicas: int, surge: int, more: int, added: int) -> int:
    if replicas == 0:
        fraction = -one.replicas
    elif one.before <= 0:
        fraction = 0
    else:
        fraction = math.floor(one.replicas * (replicas + surge) / one.before + 0.5) - one.replicas
    left = more - added
    return min(fraction, left) if more > 0 else max(fraction, left)
