"""What Azure refuses of backends: single ones, pools of them, and circuit breakers.

The words on a pool's url and protocol are those of MicrosoftDocs/azure-docs#122455, those on a member that is
not there of Azure/apiops#797; that a breaker has one rule is said in MicrosoftDocs/azure-docs#123514, ranges
are those of Microsoft.ApiManagement 2024-05-01 (`BackendPoolItem`); the other words are from memory.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.apimanagement.gateway import backends, durations
from emulator.apimanagement.services import SERVICE
from emulator.arm.ids import fold, parse
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError, NotEmulated

BACKEND: Final = f"{SERVICE}/backends"
MOST_MEMBERS: Final = 30
WEIGHTS: Final = range(101)
PRIORITIES: Final = range(101)
LONGEST_URL: Final = 2000
REFUSED: Final = {
    "proxy": "a web proxy between gateway and backend",
    "serviceFabricCluster": "a backend in a Service Fabric cluster",
}

Json = dict[str, Any]


def install(arm: Arm) -> None:
    """Register the hooks."""

    @arm.before_put(BACKEND)
    def backend(put: Put) -> None:
        given = put.properties
        given.setdefault("type", "Single")
        if given["type"] == "Pool":
            _check_pool(arm, put)
        else:
            _check_single(given)

    @arm.before_delete(BACKEND)
    def kept(resource: Json) -> None:
        service = "/".join(resource["id"].split("/")[:9])
        if arm.deletion_root.lower() == service.lower():
            return
        if pool := _pool_with(arm, resource["id"]):
            message = f"Backend {resource['name']} is used by the pool {pool} and cannot be deleted."
            raise AzureError(400, "ValidationError", message)


def _pool_with(arm: Arm, backend: str) -> str:
    """The name of a pool that a backend is a member of, "" for none."""
    for other in arm.store.children(backend.rpartition("/")[0]):
        if any(one.backend == fold(backend) for one in backends.members(other["properties"])):
            return str(other["name"])
    return ""


def _check_single(given: Json) -> None:
    url = str(given.get("url") or "")
    if not url:
        raise invalid("url", "Url is required for a backend of the type Single.")
    try:
        if "{{" not in url:
            backends.parse_url(url)
        if len(url) > LONGEST_URL:
            raise ValueError(f"it has more than {LONGEST_URL} characters")
    except ValueError as error:
        raise invalid("url", f"Url is invalid: {error}.") from error
    if given.get("pool"):
        raise invalid("pool", "Pool is only supported for a backend of the type Pool.")
    for name, what in REFUSED.items():
        if given.get(name) or (given.get("properties") or {}).get(name):
            raise NotEmulated(what)
    credentials: Json = given.get("credentials") or {}
    if credentials.get("certificate") or credentials.get("certificateIds"):
        raise NotEmulated("client certificates of a backend (credentials.certificate, certificateIds)")
    _check_breaker(given)


def _check_pool(arm: Arm, put: Put) -> None:
    given = put.properties
    for name in ("url", "protocol"):
        if given.get(name):
            raise invalid(name, f"{name.capitalize()} is not supported for backend pool.")
    if given.get("circuitBreaker"):
        raise invalid("circuitBreaker", "CircuitBreaker is not supported for backend pool.")
    if (given.get("pool") or {}).get("sessionAffinity"):
        raise NotEmulated("session affinity of a backend pool (pool.sessionAffinity)")
    services: list[Json] = (given.get("pool") or {}).get("services") or []
    if not 1 <= len(services) <= MOST_MEMBERS:
        raise invalid("pool", f"A pool has 1 to {MOST_MEMBERS} members, and this one has {len(services)}.")
    if pool := _pool_with(arm, put.id):
        raise invalid("type", f"Backend Entity '{put.resource['name']}' is a member of the pool '{pool}'.")
    collection = f"{put.id.rpartition('/')[0]}/"
    seen: set[str] = set()
    for one in services:
        key = str(one.get("id") or "")
        name = key.rpartition("/")[2]
        found = arm.store.get(key) if parse(key) and fold(key).startswith(fold(collection)) else None
        if fold(key) == fold(put.id):
            raise invalid("pool", f"Backend Entity '{name}' is this pool itself.")
        if found is None:
            raise invalid("pool", f"Backend Entity '{name}' not found.")
        if found["properties"].get("type") == "Pool":
            raise invalid(
                "pool", f"Backend Entity '{name}' is a pool; a pool has backends of the type Single."
            )
        if fold(key) in seen:
            raise invalid("pool", f"Backend Entity '{name}' is there twice.")
        seen.add(fold(key))
        for what, allowed in (("weight", WEIGHTS), ("priority", PRIORITIES)):
            if (value := one.get(what)) is not None and value not in allowed:
                raise invalid(
                    f"pool.services.{what}",
                    f"{what.capitalize()} of '{name}' is {value}; it must be between {allowed.start} and "
                    f"{allowed.stop - 1}.",
                )


def _check_breaker(given: Json) -> None:
    rules: list[Json] = (given.get("circuitBreaker") or {}).get("rules") or []
    if not rules:
        return
    if len(rules) > 1:
        raise invalid("circuitBreaker.rules", f"Only one rule is supported, and {len(rules)} were given.")
    rule, condition = rules[0], rules[0].get("failureCondition") or {}
    if not rule.get("name"):
        raise invalid("circuitBreaker.rules.name", "Name should not be empty.")
    if condition.get("percentage"):
        raise NotEmulated("circuit breakers by percentage (failureCondition.percentage); use count")
    if not isinstance(condition.get("count"), int) or condition["count"] < 1:
        raise invalid("circuitBreaker.rules.failureCondition.count", "Count must be 1 or more.")
    for target, text in (
        ("failureCondition.interval", condition.get("interval")),
        ("tripDuration", rule.get("tripDuration")),
    ):
        try:
            durations.seconds(str(text or ""))
        except ValueError as error:
            raise invalid(f"circuitBreaker.rules.{target}", f"{error}.") from error
    ranges: list[Json] = condition.get("statusCodeRanges") or []
    if not ranges and not condition.get("errorReasons"):
        target = "circuitBreaker.rules.failureCondition"
        raise invalid(target, "StatusCodeRanges or ErrorReasons is required.")
    for one in ranges:
        low, high = one.get("min"), one.get("max")
        if not (isinstance(low, int) and isinstance(high, int) and 200 <= low <= high <= 599):
            raise invalid(
                "circuitBreaker.rules.failureCondition.statusCodeRanges",
                f"A range from {low} to {high} is none of status codes between 200 and 599.",
            )


def invalid(target: str, message: str) -> AzureError:
    """The refusal of one field."""
    return AzureError(
        400,
        "ValidationError",
        "One or more fields contain incorrect values:",
        [{"code": "ValidationError", "target": target, "message": message}],
    )
