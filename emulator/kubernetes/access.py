"""Who asks a cluster's API, and what Azure's roles let them do there: Azure RBAC for Kubernetes.

Verbs become data actions as the authorization webhook of AKS makes them (Azure/guard,
`authz/providers/azure`). The words are its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.service import Identity
from emulator.kubernetes.clusters import CLUSTER, Cluster
from emulator.kubernetes.errors import ApiError, NotServed
from emulator.principal import Principal

SERVER_APPLICATION: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"  # of Azure's own sign-in to all clusters
ACTIONS: Final = {
    "get": "read",
    "list": "read",
    "watch": "read",
    "create": "write",
    "update": "write",
    "patch": "write",
    "delete": "delete",
    "deletecollection": "delete",
}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked for: as an API server hands it to its authorizers."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def action(self) -> str:
        """The data action of Azure."""
        resource = f"{self.group}/{self.resource}" if self.group else self.resource
        return f"{CLUSTER}/{resource}/{ACTIONS[self.verb]}"


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized")


class Gate:
    """Lets a request through, or says why not."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def principal(self, request: Request, cluster: Cluster) -> Principal:
        """Who asks, by a token of Microsoft Entra ID; 401 for everybody else, certificates included."""
        if not (cluster.properties.get("aadProfile") or {}):
            raise NotServed(
                f"cluster {cluster.resource['name']} without aadProfile: who asks is known by tokens of "
                "Microsoft Entra ID alone"
            )
        try:
            return self._identity.principal(request, SERVER_APPLICATION)
        except AzureError as error:
            raise unauthorized() from error

    def require(self, principal: Principal, cluster: Cluster, asked: Attributes) -> None:
        """403 unless a role allows it on the cluster or the namespace."""
        profile: Json = cluster.properties.get("aadProfile") or {}
        admins = {str(one).lower() for one in profile.get("adminGroupObjectIDs") or []}
        if admins & {one.lower() for one in principal.groups}:
            return
        if not profile.get("enableAzureRBAC"):
            raise NotServed(
                f"cluster {cluster.resource['name']} with aadProfile.enableAzureRBAC false: Kubernetes' own "
                "roles are not evaluated"
            )
        scope = f"{cluster.id}/namespaces/{asked.namespace}" if asked.namespace else cluster.id
        if self._identity.allowed(principal, asked.action, scope, data=True):
            return
        raise _forbidden(principal, asked)


def user(principal: Principal) -> str:
    """The name that the API server knows somebody by."""
    return principal.name if principal.kind == "User" and "@" in principal.name else principal.object_id


def _forbidden(principal: Principal, asked: Attributes) -> ApiError:
    qualified = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    name = f' "{asked.name}"' if asked.name else ""
    where = f' in the namespace "{asked.namespace}"' if asked.namespace else " at the cluster scope"
    details: Json = {"name": asked.name} if asked.name else {}
    details |= {"group": asked.group} if asked.group else {}
    return ApiError(
        403,
        f'{qualified}{name} is forbidden: User "{user(principal)}" cannot {asked.verb} resource "{resource}" '
        f'in API group "{asked.group}"{where}: User does not have access to the resource in Azure. Update '
        "role assignment to allow access.",
        details={**details, "kind": asked.resource},
    )
