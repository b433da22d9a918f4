"""The service accounts of Kubernetes that may act as an identity of the estate, as data."""

from dataclasses import dataclass
from typing import Final

AUDIENCE: Final = "api://AzureADTokenExchange"  # the only one that Microsoft Entra ID takes


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """namespace, name: in the cluster. identity: a key of `roles.IDENTITIES`."""

    namespace: str
    name: str
    identity: str

    @property
    def subject(self) -> str:
        """What the cluster writes into its tokens."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


SERVICE_ACCOUNTS: Final[tuple[ServiceAccount, ...]] = (ServiceAccount("scoring", "scoring", "scoring"),)
"""What scores in production signs in as the container groups of stage do."""
