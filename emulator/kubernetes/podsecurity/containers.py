"""What a check of Pod Security finds, and the containers of a pod as its words name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

PROFILES: Final = ("RuntimeDefault", "Localhost")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check does not let through: a few words, and who does it."""

    reason: str
    detail: str

    @property
    def text(self) -> str:
        """As the refusal and the warning say it."""
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


Check = Callable[[Json], Finding | None]


def containers(spec: Json) -> list[Json]:
    """All containers of a pod, those of its start and of a debugging among them."""
    return [
        one
        for name in ("initContainers", "containers", "ephemeralContainers")
        for one in spec.get(name) or []
    ]


def context_of(value: Json) -> Json:
    """The securityContext of a pod or of a container."""
    return value.get("securityContext") or {}


def quoted(names: Iterable[str]) -> str:
    """Names as the words list them."""
    return ", ".join(f'"{name}"' for name in names)


def many(one: str, count: int) -> str:
    """A word, in the plural where it is of several."""
    return one if count == 1 else f"{one}s"


def who_of(names: list[str]) -> str:
    """``container "a"``, ``containers "a", "b"``."""
    return f"{many('container', len(names))} {quoted(names)}"


def failing(spec: Json, test: Callable[[Json], bool]) -> list[str]:
    """The names of the containers whose securityContext does not pass."""
    return [str(one["name"]) for one in containers(spec) if test(context_of(one))]


def setters(spec: Json, test: Callable[[Json], bool]) -> str:
    """Who of the pod and its containers sets something: ``pod and container "a"``; "" for nobody."""
    parts = ["pod"] if test(context_of(spec)) else []
    if bad := failing(spec, test):
        parts.append(who_of(bad))
    return " and ".join(parts)


def profile(key: str, allowed: tuple[str, ...]) -> Callable[[Json], bool]:
    """Whether a securityContext names a profile that is not allowed."""

    def bad(context: Json) -> bool:
        found = context.get(key)
        return found is not None and found.get("type") not in allowed

    return bad


def profile_kinds(spec: Json, key: str, allowed: tuple[str, ...]) -> list[str]:
    """The types of profiles in a pod that are not allowed."""
    found = (one for one in (spec, *containers(spec)))
    kinds = {str((context_of(one).get(key) or {}).get("type")) for one in found if context_of(one).get(key)}
    return sorted(kinds - set(allowed))
