"""Where an estate finds what the bootstrap made for releases: the store of records and the approvers' key."""

from pydantic import Field

from infra.config_types import Uuid
from infra.section import Section


class Releases(Section):
    """account: of releases and approvals, the bootstrap's output `approvals_account`. vault: of the key with
    which approvals are signed, its output `vault`. promoterId: object id of the identity that
    promotes into this environment or, where releases are proven, out of it; without it people alone do."""

    account: str = Field(pattern=r"^[a-z0-9]{3,24}$")
    vault: str = Field(pattern=r"^[A-Za-z](?:-?[A-Za-z0-9])+$", min_length=3, max_length=24)
    promoter_id: Uuid | None = None
