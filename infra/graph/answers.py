"""What the resources of a recorded run answer beside their inputs: computed properties that are read."""

from collections.abc import Callable, Mapping
from typing import Any, Final

# By type; each takes the resource's logical name.
ANSWERS: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = {
    "managedidentity:UserAssignedIdentity": lambda name: {
        "principalId": f"principal of {name}",
        "clientId": f"client of {name}",
    },
    "applicationinsights:Component": lambda _: {"connectionString": "InstrumentationKey=00000000"},
    "apimanagement:ApiManagementService": lambda name: {
        "gatewayUrl": f"https://{name}.azure-api.net",
        "identity": {"type": "SystemAssigned", "principalId": f"principal of {name}"},
    },
    "containerservice:ManagedCluster": lambda name: {
        "oidcIssuerProfile": {"enabled": True, "issuerURL": f"issuer of {name}"}
    },
    "network:PublicIPAddress": lambda _: {"ipAddress": "20.1.2.3"},
}
