"""What Azure means by 403: a table of its codes with reason, remedy, and whether waiting may help."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Wait(Enum):
    """What may still come into effect, so that it is worth asking again."""

    GRANT = "a role assignment takes minutes to work"
    RULE = "a network rule takes seconds to work"
    NOTHING = "nothing is on its way"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One meaning of 403. In `problem`, {what} stands for what was tried: "read a secret", say."""

    problem: str
    remedy: str
    wait: Wait = Wait.NOTHING


ROLE = Refusal(
    "Azure forbids to {what}", "Have the role that allows the action granted on that scope.", Wait.GRANT
)
FIREWALL = Refusal(
    "A firewall of the estate does not let this machine {what}",
    "Add its public address to networkAccess.allowedRanges and run `pulumi up`, "
    "or run the command inside the network.",
    Wait.RULE,
)
SIGNATURE = Refusal(
    "The permission in the URL does not allow to {what}",
    "Run the command again: it asks for a new one. If it stays so, set this machine's clock right.",
)
POLICY = Refusal(
    "A policy of the organisation does not allow to {what}",
    "Have an exemption granted from the policy assignment that its words name, or change what it forbids.",
)
UNKNOWN = Refusal("Azure forbids to {what}", "Correct what its words name, then run the command again.")

# By the code in the answer, or by words where a service has no code; the first row that is found counts.
# Read 2026-11. Storage: learn.microsoft.com/rest/api/storageservices, common-rest-api-error-codes and
# sas-error-codes. Key Vault's inner codes and Azure Resource Manager's: answers that public reports quote
# (microsoft/multimodal-ai#171, Azure/azure-powershell#14563, hashicorp/terraform-provider-azurerm#20319).
REFUSALS: dict[str, Refusal] = {
    "SecretDisabled": Refusal(
        "It is not possible to {what}: the secret is disabled",
        "Enable it: `az keyvault secret set-attributes --enabled true`; somebody may have had a reason.",
    ),
    "ForbiddenByConnection": Refusal(
        "It is not possible to {what}: the vault is reached by its private endpoint alone",
        "Run the command inside the network, where the vault's name resolves to its private address.",
    ),
    "ForbiddenByFirewall": FIREWALL,
    "ForbiddenByRbac": ROLE,
    "ForbiddenByPolicy": Refusal(
        "The vault's access policies do not allow to {what}",
        "Have the permission that its words name given in the vault's access policies.",
    ),
    "AccessDenied": Refusal(
        "The vault's access policies do not allow to {what}",
        "Have the permission that its words name given in the vault's access policies.",
    ),
    "Client address is not authorized": FIREWALL,
    "RequestDisallowedByPolicy": POLICY,
    "RequestDisallowedByAzure": POLICY,
    "AuthorizationFailed": ROLE,
    "LinkedAuthorizationFailed": ROLE,
    "AuthorizationPermissionMismatch": ROLE,
    "InsufficientAccountPermissions": ROLE,
    "AuthorizationFailure": FIREWALL,
    "AuthenticationFailed": SIGNATURE,
    "AuthorizationProtocolMismatch": SIGNATURE,
    "AuthorizationResourceTypeMismatch": SIGNATURE,
    "AuthorizationServiceMismatch": SIGNATURE,
    "AuthorizationSourceIPMismatch": SIGNATURE,
    "AccountIsDisabled": Refusal(
        "It is not possible to {what}: the storage account is disabled",
        "Look at the state of the subscription: it may be disabled or unpaid.",
    ),
    "KeyBasedAuthenticationNotPermitted": Refusal(
        "It is not possible to {what}: the storage account takes no account keys",
        "Have the storage account's allowSharedKeyAccess looked at, or use an identity.",
    ),
    # Services without a code for it, such as Azure ML's data plane, say it in these words.
    "authorization to perform action": ROLE,
    "not authorized to perform action": ROLE,
}


def refusal_of(error: Exception) -> Refusal:
    """What the answer means. UNKNOWN, which is not waited for, when the table has none of its codes."""
    said = "\n".join([str(error), *_codes(error)])
    return next(
        (row for mark, row in REFUSALS.items() if re.search(rf"\b{re.escape(mark)}\b", said)), UNKNOWN
    )


def _codes(error: Exception) -> list[str]:
    """The codes beside the message: that of Storage's header, the error's own, and those inside it."""
    found = [str(getattr(error, "error_code", None) or "")]
    inner: Any = getattr(error, "error", None)
    while inner is not None:
        code = inner.get("code") if isinstance(inner, dict) else getattr(inner, "code", None)
        found.append(str(code or ""))
        inner = inner.get("innererror") if isinstance(inner, dict) else getattr(inner, "innererror", None)
    return found
