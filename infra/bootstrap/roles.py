"""Who may do what with what all environments share, as data. Each row holds for each environment.

Nobody has a role on the whole state account, vault or store of approvals: whoever may open one environment's
state, key or approvals cannot open another's.
"""

from dataclasses import dataclass
from typing import Final, Literal

Who = Literal["deploy", "promote", "preview", "approvers", "engineers"]
Scope = Literal["subscription", "state", "key", "approvals", "releases", "approvals-key", "production"]

ROLES: Final[dict[str, str]] = {
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
    "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
}

IDENTITIES: Final[tuple[Who, ...]] = ("deploy", "promote", "preview")
"""CI's user-assigned identities, of each environment."""

GROUPS: Final[tuple[Who, ...]] = ("approvers", "engineers")
"""Groups of people, of each environment."""


@dataclass(frozen=True, slots=True)
class Grant:
    """conditional: the role may hand out the roles of `infra/roles.py` and no others.

    everywhere: on that part of every environment, as a release is proven in one and goes to another.
    """

    who: Who
    role: str
    scope: Scope
    why: str
    conditional: bool = False
    everywhere: bool = False


GRANTS: Final[tuple[Grant, ...]] = (
    Grant("deploy", "Contributor", "subscription", "makes the estate"),
    Grant(
        "deploy",
        "Role Based Access Control Administrator",
        "subscription",
        "assigns the roles of infra/roles.py, and no other",
        conditional=True,
    ),
    Grant("deploy", "Storage Blob Data Contributor", "state", "writes the environment's state"),
    Grant("deploy", "Key Vault Crypto User", "key", "seals and opens the state's secrets"),
    Grant("deploy", "Storage Blob Data Reader", "approvals", "reads whether a person approved"),
    Grant("deploy", "Storage Blob Data Contributor", "releases", "writes records of releases"),
    Grant("deploy", "Storage Blob Data Reader", "releases", "reads what was proven before", everywhere=True),
    # Reader, not Crypto User: whoever deploys verifies with the public half, and must not be able to sign.
    Grant("deploy", "Key Vault Reader", "approvals-key", "reads the key by which approvals are verified"),
    # What it may do in the estate is in infra/roles.py. It makes and changes no resource but those of a
    # release.
    Grant("promote", "Storage Blob Data Reader", "state", "reads the stack's outputs"),
    Grant("promote", "Key Vault Crypto User", "key", "opens the state's secrets"),
    Grant("promote", "Storage Blob Data Reader", "approvals", "reads whether a person approved"),
    Grant("promote", "Storage Blob Data Reader", "releases", "reads what was proven", everywhere=True),
    Grant("promote", "Key Vault Reader", "approvals-key", "reads the key by which approvals are verified"),
    Grant("promote", "Storage Blob Data Contributor", "production", "writes down each step; one at a time"),
    Grant("preview", "Reader", "subscription", "compares the estate with its program"),
    Grant("preview", "Storage Blob Data Reader", "state", "reads the environment's state"),
    # Pulumi opens the data key whenever it reads state.
    Grant("preview", "Key Vault Crypto User", "key", "opens the state's secrets"),
    Grant("approvers", "Storage Blob Data Contributor", "approvals", "write approvals"),
    Grant("approvers", "Key Vault Crypto User", "approvals-key", "sign approvals"),
    Grant("approvers", "Storage Blob Data Reader", "releases", "read what they approve", everywhere=True),
    Grant("engineers", "Storage Blob Data Contributor", "releases", "record releases by hand"),
    Grant("engineers", "Storage Blob Data Reader", "approvals", "see what is approved"),
    Grant("engineers", "Key Vault Reader", "approvals-key", "verify approvals"),
)


def condition(role_ids: list[str]) -> str:
    """Azure's words for: this principal may assign and remove these roles, and no others."""
    ids = ", ".join(sorted(role_ids))
    action = "Microsoft.Authorization/roleAssignments"
    parts = [
        f"((!(ActionMatches{{'{action}/{verb}'}})) OR "
        f"(@{place}[{action}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ids}}}))"
        for verb, place in (("write", "Request"), ("delete", "Resource"))
    ]
    return " AND ".join(parts)
