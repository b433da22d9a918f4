"""What the API server's refusals mean, and what to do: a table of its reasons and words."""

from dataclasses import dataclass
from typing import Final

from ml.errors import MlopsError
from ml.production.api import RefusedError

_ROLE = (
    "Have the role `Azure Kubernetes Service RBAC Writer` granted on the cluster or on its namespace; "
    "for the namespace itself it takes `Azure Kubernetes Service RBAC Cluster Admin`."
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """code: the status. words: in the reason or the message; "" is found in all. The first row counts."""

    code: int
    words: str
    problem: str
    remedy: str


# Answers of kube-apiserver 1.36.3 (recorded by tests/kubernetes/record.py), and of AKS's authorizer as
# learn.microsoft.com/azure/aks/manage-azure-rbac quotes it (read 2026-11).
MEANINGS: Final[tuple[Meaning, ...]] = (
    Meaning(401, "", "does not take this sign-in", "Sign in again (`az login`), to the estate's tenant."),
    Meaning(
        403,
        "exceeded quota",
        "has no room left for it in the namespace's quota",
        "Scale or delete what is not needed, or have the ResourceQuota raised.",
    ),
    Meaning(
        403,
        "violates PodSecurity",
        "refuses pods that could become more than they are",
        "Correct the manifest in environments/kubernetes; the namespace keeps to `restricted`.",
    ),
    Meaning(403, "", "does not allow it", _ROLE),
    Meaning(404, "", "does not know it", "If its namespace is missing, apply the shared manifests first."),
    Meaning(
        409,
        "Apply failed with",
        "keeps fields that somebody else has set",
        "Take back what was changed by hand (the fields and who set them are named), then run this again.",
    ),
    Meaning(409, "", "is at work on it", "Wait until it is gone, then run the command again."),
    Meaning(
        422, "field is immutable", "does not change it in place", "Delete the revision, then apply it anew."
    ),
    Meaning(422, "", "finds it invalid", "Correct the manifest in environments/kubernetes, or the value."),
    # Of server-side apply, for a name that the schema does not have.
    Meaning(
        500, "field not declared in schema", "does not know a field", "Correct its name in the manifest."
    ),
    Meaning(400, "", "does not understand it", "Correct the manifest in environments/kubernetes."),
)


def told(error: RefusedError, what: str, where: str) -> MlopsError:
    """The refusal for a person. what: what was asked for, as in "Deployment rev-..."."""
    said = f"{error.reason} {error.message}"
    found = next((row for row in MEANINGS if row.code == error.code and row.words in said), None)
    problem = found.problem if found else f"answers {error.code}"
    remedy = found.remedy if found else "If its words do not help: look at the cluster's health in Azure."
    details = [error.message] if error.message else []
    details += [
        f"{cause.get('field', '')}: {cause.get('message', '')}"
        for cause in error.causes
        if str(cause.get("message") or "") not in error.message
    ]
    return MlopsError(f"{what}: the cluster {where} {problem}.", remedy, details)
