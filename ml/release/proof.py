"""The evidence of a release: written beside its record, and read again under its digest."""

from typing import TYPE_CHECKING

from ml.errors import MlopsError
from ml.release import store
from ml.release.evidence import StageEvidence, evidence_path

if TYPE_CHECKING:
    from ml.azure.clients import Azure

PROVEN_IN = "stage"  # the environment in which releases are proven before they go anywhere else


def keep(azure: "Azure", evidence: StageEvidence) -> str:
    """Write the evidence; its digest. Raises MlopsError."""
    path = evidence_path(evidence.release_id, evidence.digest)
    content = evidence.model_dump_json(indent=2).encode()
    store.releases(azure, evidence.environment).write(path, content, "write evidence")
    return evidence.digest


def newest(azure: "Azure", release_id: str, environment: str = PROVEN_IN) -> StageEvidence | None:
    """The newest evidence of a release, by the clock of the service that keeps it; None without any.

    Raises MlopsError where its content is not what its name says.
    """
    held = store.releases(azure, environment)
    names = held.names(f"evidence/{release_id}/", "read evidence")
    if not names:
        return None
    found = held.read(names[0], "read evidence")
    if found is None:
        raise MlopsError(f"The evidence {names[0]} is gone.", "Run the command again.")
    try:
        evidence = StageEvidence.model_validate_json(found.content)
    except ValueError as error:
        raise MlopsError(
            f"{names[0]} is no evidence: {str(error).splitlines()[0]}.",
            f"Run `mlops release test {release_id} --env {environment}` again.",
        ) from error
    if names[0] != evidence_path(release_id, evidence.digest) or evidence.release_id != release_id:
        raise MlopsError(
            f"The evidence {names[0]} was changed: its content has the digest {evidence.digest} and is about "
            f"{evidence.release_id}.",
            f"Run `mlops release test {release_id} --env {environment}` again.",
        )
    return evidence
