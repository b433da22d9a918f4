"""The gateway's pool: who answers which share of the requests. It belongs to the release, not the stack."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError
from ml.production.management import ANYHOW, Management

if TYPE_CHECKING:
    from ml.azure.clients import Azure

API: Final = "2024-05-01"
BREAKER_SECONDS: Final = 10  # in which a circuit breaker counts failures
TRIPPED_SECONDS: Final = 30


class Pool:
    """Backends of API Management, by name of their revision."""

    def __init__(self, management: Management, service: str, pool: str) -> None:
        """service: the resource id of API Management. pool: the backend's name."""
        self._management, self._service, self._pool = management, service, pool
        self._etag = ""

    @classmethod
    def of(cls, azure: "Azure") -> "Pool":
        """Raises MlopsError for an estate without a gateway."""
        estate = azure.estate
        if estate.gateway is None or estate.gateway_pool is None:
            raise MlopsError(
                f"The environment {estate.environment} has no gateway, which would split requests.",
                f"Add the section `gateway` to Pulumi.{estate.environment}.yaml and run `pulumi up`, "
                "or name another environment.",
            )
        service = (
            f"/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}"
            f"/providers/Microsoft.ApiManagement/service/{estate.gateway}"
        )
        return cls(Management(azure, API), service, estate.gateway_pool)

    def members(self) -> dict[str, int]:
        body, self._etag = self._management.read(self._path(self._pool))
        return weights(body)

    def put(self, members: Mapping[str, int]) -> None:
        self._etag = self._write(members, self._etag)

    def force(self, members: Mapping[str, int]) -> None:
        self._etag = self._write(members, ANYHOW)

    def add(self, revision: str, address: str, failures: int) -> None:
        rule = {
            "name": "failures",
            "failureCondition": {
                "count": failures,
                "interval": f"PT{BREAKER_SECONDS}S",
                "statusCodeRanges": [{"min": 500, "max": 599}],
            },
            "tripDuration": f"PT{TRIPPED_SECONDS}S",
            "acceptRetryAfter": True,
        }
        properties = {
            "type": "Single",
            "protocol": "http",
            "url": f"http://{address}",
            "description": "A revision of production",
            "circuitBreaker": {"rules": [rule]},
        }
        self._management.put(self._path(revision), {"properties": properties})

    def remove(self, revision: str) -> None:
        self._management.delete(self._path(revision))

    def _path(self, backend: str) -> str:
        return f"{self._service}/backends/{backend}"

    def _write(self, members: Mapping[str, int], etag: str) -> str:
        if sum(members.values()) != 100 or min(members.values()) < 1:
            raise ValueError(f"weights are whole, at least 1 and 100 together, not {dict(members)}")
        services = [
            {"id": self._path(name), "weight": weight, "priority": 1}
            for name, weight in sorted(members.items())
        ]
        properties = {
            "type": "Pool",
            "description": "Members and weights belong to the release",
            "pool": {"services": services},
        }
        return self._management.put(self._path(self._pool), {"properties": properties}, etag)


def weights(body: Mapping[str, Any]) -> dict[str, int]:
    """The weights of a pool as API Management tells it, by the members' names."""
    services: list[dict[str, Any]] = (body["properties"].get("pool") or {}).get("services") or []
    # Without a weight, Azure shares evenly: of one member that is everything.
    even = 100 // max(1, len(services))
    return {str(one["id"]).rpartition("/")[2]: int(one.get("weight") or even) for one in services}
