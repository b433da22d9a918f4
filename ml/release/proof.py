"""The evidence of a release: written beside its record, and read again under its digest."""

from typing import TYPE_CHECKING

from infra.environments import PROVEN_IN
from ml.errors import MlopsError
from ml.release import store
from ml.release.evidence import StageEvidence, evidence_path

if TYPE_CHECKING:
    from ml.azure.clients import Azure

__all__ = ["PROVEN_IN", "keep", "newest"]


def keep(azure: "Azure", evidence: StageEvidence) -> str:
    """Write the evidence; its digest. Raises MlopsError."""
    path = evidence_path(evidence.release_id, evidence.digest)
    content = evidence.model_dump_json(indent=2).encode()
    store.releases(azure, evidence.environment).write(path, content, "write evidence")
    return evidence.digest


def newest(azure: "Azure", release_id: str, environment: str = PROVEN_IN) -> StageEvidence | None:
    """The newest evidence of a release, by the clock of the service that keeps it; None without any.

    The clock has whole seconds: of evidence that was kept in the same one, what is red counts.
    Raises MlopsError where its content is not what its name says.
    """
    held = store.releases(azure, environment)
    listed = held.listed(f"evidence/{release_id}/", "read evidence")
    if not listed:
        return None
    last = listed[0][0]
    found = [_read(held, name, release_id, environment) for created, name in listed if created == last]
    red = [evidence for evidence in found if not evidence.green]
    return max(red or found, key=lambda evidence: (evidence.made_at, evidence.digest))


def _read(held: store.Store, name: str, release_id: str, environment: str) -> StageEvidence:
    again = f"Run `mlops release test {release_id} --env {environment}` again."
    found = held.read(name, "read evidence")
    if found is None:
        raise MlopsError(f"The evidence {name} is gone.", again)
    try:
        evidence = StageEvidence.model_validate_json(found.content)
    except ValueError as error:
        raise MlopsError(f"{name} is no evidence: {str(error).splitlines()[0]}.", again) from error
    if name != evidence_path(release_id, evidence.digest) or evidence.release_id != release_id:
        raise MlopsError(
            f"The evidence {name} was changed: its content has the digest {evidence.digest} and is about "
            f"{evidence.release_id}.",
            again,
        )
    return evidence
