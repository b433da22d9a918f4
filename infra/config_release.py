"""Where an estate finds what the bootstrap made for releases: the store of records and the approvers' key."""

from pydantic import Field

from infra.config_existing import GroupId
from infra.config_types import Uuid
from infra.private_link import Service
from infra.section import Section


class Releases(Section):
    """account: of releases and approvals, the bootstrap's output `approvals_account`. vault: of the key with
    which approvals are signed, its output `vault`. promoterId: object id of the identity that
    promotes into this environment or, where releases are proven, out of it; without it people alone do.
    groupId: resource id of the bootstrap's group; a private estate then has endpoints of both."""

    account: str = Field(pattern=r"^[a-z0-9]{3,24}$")
    vault: str = Field(pattern=r"^[A-Za-z](?:-?[A-Za-z0-9])+$", min_length=3, max_length=24)
    promoter_id: Uuid | None = None
    group_id: GroupId | None = None

    @property
    def targets(self) -> dict[Service, str]:
        """Resource ids by the service that a private endpoint leads to; nothing without the group's."""
        if self.group_id is None:
            return {}
        return {
            "releases": f"{self.group_id}/providers/Microsoft.Storage/storageAccounts/{self.account}",
            "releaseVault": f"{self.group_id}/providers/Microsoft.KeyVault/vaults/{self.vault}",
        }
