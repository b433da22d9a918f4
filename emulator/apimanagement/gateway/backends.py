"""Backends: where a request goes, with what, and which member of a pool takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from emulator.apimanagement.gateway.breaker import Breaker, Chooser, Member, Rule
from emulator.apimanagement.gateway.durations import seconds
from emulator.apimanagement.gateway.failures import tripped
from emulator.apimanagement.policies.context import Headers, Url
from emulator.arm.ids import fold

PORTS: Final = {"http": 80, "https": 443}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Backend:
    """id: folded. url: None of a pool. headers, query: credentials. check_chain, check_name: of its TLS."""

    id: str
    name: str
    url: Url | None = None
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    check_chain: bool = True
    check_name: bool = True
    breaker: Breaker | None = None
    members: tuple[Member, ...] = ()


class Standing:
    """What outlives a change of the configuration: circuits, and whose turn it is."""

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._breakers: dict[str, Breaker] = {}
        self._choosers: dict[str, Chooser] = {}

    def breaker(self, backend: str, rule: Rule) -> Breaker:
        """The circuit of a backend; a new one where the rule is another."""
        held = self._breakers.get(backend)
        if held is None or held.rule != rule:
            held = self._breakers[backend] = Breaker(rule)
        return held

    def chooser(self, pool: str) -> Chooser:
        """Who chooses among the members of a pool."""
        held = self._choosers.get(pool)  # first, as a new one takes its seed from the system
        return held if held is not None else self._choosers.setdefault(pool, Chooser(self._seed))


def parse_url(text: str) -> Url:
    """An absolute URL. ValueError for any other text, and for another scheme than http and https."""
    parts = urlsplit(text.strip())
    if parts.scheme.lower() not in PORTS or not parts.hostname:
        raise ValueError(f"{text!r} is no absolute URL of http or https")
    scheme = parts.scheme.lower()
    query = Headers()
    for pair in parts.query.split("&") if parts.query else ():
        name, _, value = pair.partition("=")
        query.add(name, value)
    return Url(scheme, parts.hostname.lower(), parts.port or PORTS[scheme], parts.path or "/", query)


def of(resource: Json, named: Mapping[str, str], standing: Standing) -> Backend:
    """The backend that a resource tells. named: the values of {{…}} in its credentials."""
    properties: Json = resource["properties"]
    key = fold(resource["id"])
    if properties.get("type") == "Pool":
        return Backend(key, resource["name"], members=members(properties))
    credentials: Json = properties.get("credentials") or {}
    headers = _filled(credentials.get("header"), named)
    if scheme := (credentials.get("authorization") or {}).get("scheme"):
        parameter = credentials["authorization"].get("parameter") or ""
        headers["Authorization"] = (_put_in(f"{scheme} {parameter}".strip(), named),)
    tls: Json = properties.get("tls") or {}
    found = rule(properties)
    return Backend(
        key,
        resource["name"],
        parse_url(_put_in(str(properties["url"]), named)),
        headers,
        _filled(credentials.get("query"), named),
        tls.get("validateCertificateChain") is not False,
        tls.get("validateCertificateName") is not False,
        standing.breaker(key, found) if found else None,
    )


def members(properties: Json) -> tuple[Member, ...]:
    """The members of a pool."""
    given: list[Json] = (properties.get("pool") or {}).get("services") or []
    return tuple(
        Member(
            fold(str(one.get("id") or "")),
            one.get("weight"),
            1 if one.get("priority") is None else one["priority"],
        )
        for one in given
    )


def rule(properties: Json) -> Rule | None:
    """The rule of a backend's circuit breaker. ValueError that names what cannot be read."""
    given: list[Json] = (properties.get("circuitBreaker") or {}).get("rules") or []
    if not given:
        return None
    one, condition = given[0], given[0].get("failureCondition") or {}
    return Rule(
        str(one.get("name") or ""),
        int(condition.get("count") or 1),
        seconds(str(condition.get("interval") or "")),
        tuple((int(each["min"]), int(each["max"])) for each in condition.get("statusCodeRanges") or []),
        frozenset(str(each).lower() for each in condition.get("errorReasons") or []),
        seconds(str(one.get("tripDuration") or "")),
        one.get("acceptRetryAfter") is True,
    )


def member(backends: Mapping[str, Backend], chosen: Backend, standing: Standing) -> Backend:
    """The single backend that takes the next request. Failure 503 where each circuit is open.

    backends: by folded id
    """
    if chosen.url is not None:
        if chosen.breaker is not None and (left := chosen.breaker.open_for()):
            raise tripped(chosen.name, left)
        return chosen
    present = [one for one in chosen.members if one.backend in backends]

    def is_open(backend: str) -> bool:
        breaker = backends[backend].breaker
        return breaker is not None and breaker.open_for() > 0

    found = standing.chooser(chosen.id).choose(present, is_open)
    if found is None:
        breakers = [backends[one.backend].breaker for one in present]
        waits = [one.open_for() for one in breakers if one is not None]
        raise tripped(chosen.name, min(waits, default=0.0))
    return backends[found]


def _filled(given: Any, named: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        str(name): tuple(_put_in(str(value), named) for value in values)
        for name, values in (given or {}).items()
    }


def _put_in(text: str, named: Mapping[str, str]) -> str:
    for name, value in named.items() if "{{" in text else ():
        text = text.replace("{{" + name + "}}", value)
    return text
