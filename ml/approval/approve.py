"""`mlops approve`: a person's statement, signed and kept."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.approval import holding, keys, people, statement
from ml.errors import MlopsError
from ml.release import store

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def approve(azure: "Azure", root: Path, release_id: str, reason: str, expires: str) -> dict[str, Any]:
    """Approve a release for the environment of `azure`.

    Everything is checked before anything is written. Raises MlopsError with the reason.
    """
    why, period = statement.reason(reason), statement.duration(expires)
    environment = azure.estate.environment
    who = people.caller(azure)
    with azure.report.phase(f"what is known about {release_id}"):
        asked = holding.case(azure, release_id, root)
        for name, digest in asked.digests.items():
            azure.report.line(f"{name} {digest}")
    if who.object_id == asked.requester:
        raise MlopsError(
            f"{who.name} recorded the release {release_id} and cannot approve it.",
            "Have another member of the approvers' group approve it: two people decide.",
        )
    now = statement.now()
    predicate = statement.Predicate(
        release=release_id,
        environment=environment,
        approver=who.object_id,
        requester=asked.requester,
        reason=why,
        approved_at=now,
        expires_at=now + period,
    )
    with azure.report.phase("signing with the approvers' key"):
        content = keys.signed(azure, environment, statement.stated(asked.digests, predicate))
    path = f"{release_id}/{hashlib.sha256(content).hexdigest()}.json"
    with azure.report.phase("keeping the approval"):
        _write(azure, environment, path, content)
        # As a promotion will see it: what storage says of who wrote it counts, not what stands in it.
        given = holding.approved(azure, release_id, dict(asked.digests.items()), root=root)
    return {
        "release": release_id,
        "environment": environment,
        "approver": given.approver_name,
        "requester": given.requester,
        "reason": given.reason,
        "expires": given.expires_at.isoformat(),
        "digests": dict(given.digests.items()),
        "record": path,
    }


def _write(azure: "Azure", environment: str, path: str, content: bytes) -> None:
    from azure.core.exceptions import HttpResponseError

    held = store.approvals(azure, environment)
    client = azure.container(held.account, held.container).get_blob_client(path)
    try:
        client.upload_blob(content, overwrite=False)
    except HttpResponseError as error:
        if error.status_code != 403:
            raise
        raise MlopsError(
            f"You may not write approvals of {environment}.",
            f"Have a member of the approvers' group of {environment} approve it; who was added just now "
            "waits some minutes.",
            [line for line in str(error.message).splitlines() if line.strip()][:4],
        ) from error
