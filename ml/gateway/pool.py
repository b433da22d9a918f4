"""The gateway's pool: who answers which share of the requests. It belongs to the release, not the stack."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ml.azure.management import ANYHOW, Management
from ml.gateway.breaker import BREAKER_SECONDS, TRIPPED_SECONDS
from ml.gateway.place import API, service_of
from ml.release.revision import is_revision

if TYPE_CHECKING:
    from ml.azure.clients import Azure

UNRELEASED: Final = "unreleased"
"""The pool's member before the first release (infra/components/scoring_api.py)."""


class Pool:
    """Backends of API Management, by name of their revision."""

    def __init__(self, management: Management, service: str, pool: str) -> None:
        """service: the resource id of API Management. pool: the backend's name."""
        self._management, self._service, self._pool = management, service, pool
        self._etag = ""

    @classmethod
    def of(cls, azure: "Azure") -> "Pool":
        """Raises MlopsError for an estate without a gateway."""
        service = service_of(azure.estate)
        return cls(Management(azure, API), service, str(azure.estate.gateway_pool))

    def revisions(self) -> list[str]:
        """Every revision with a backend, a member or not."""
        names = [str(one["name"]) for one in self._management.listed(f"{self._service}/backends")]
        return sorted(filter(is_revision, names))

    def members(self) -> dict[str, int]:
        body, self._etag = self._management.read(self._path(self._pool))
        return weights(body)

    def put(self, members: Mapping[str, int]) -> None:
        self._etag = self._write(members, self._etag)

    def force(self, members: Mapping[str, int]) -> None:
        self._etag = self._write(members, ANYHOW)

    def add(self, revision: str, address: str, failures: int) -> None:
        """Make or correct the revision's backend. address: a host, and a port where it is not 80."""
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
            "description": "A revision: one release in one configuration",
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
