"""What of a cluster's network and API does not go together.

The words are those of AdminTurnedDevOps/DevOps-The-Hard-Way-Azure#1, Azure/AKS-Construction#535,
Azure/AKS#3484 and aquasecurity/tfsec#571.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.errors import AzureError

CILIUM: Final = "cilium"

Json = dict[str, Any]


def check(properties: Json) -> None:
    """400 for a data plane, a policy or ranges of callers that Azure does not take together."""
    profile: Json = properties.get("networkProfile") or {}
    plane, policy = profile.get("networkDataplane"), profile.get("networkPolicy")
    if plane == CILIUM and policy != CILIUM:
        raise _refused("BadRequest", "Cilium dataplane requires network policy cilium.")
    if policy == CILIUM and plane != CILIUM:
        raise _refused("NetworkPolicyNotSupported", "Network Policy cilium requires NetworkDataplane cilium")
    if plane == CILIUM and profile.get("networkPluginMode") != "overlay" and not _own_pods(properties):
        words = "Cilium dataplane requires either network plugin mode overlay or pod subnet"
        raise _refused("BadRequest", words)
    server: Json = properties.get("apiServerAccessProfile") or {}
    if server.get("enablePrivateCluster") and server.get("authorizedIPRanges"):
        raise _refused("InvalidParameter", "Private cluster cannot be enabled with AuthorizedIPRanges.")


def _own_pods(properties: Json) -> bool:
    """Whether the pods of each pool have a subnet."""
    pools: list[Json] = properties.get("agentPoolProfiles") or []
    return all(pool.get("podSubnetID") for pool in pools)


def _refused(code: str, message: str) -> AzureError:
    return AzureError(400, code, message)
