"""Whether a release is approved for an environment: digests derived anew, names as the service has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ml.approval import digests as derived
from ml.approval import envelope, keys, people, statement
from ml.approval.digests import Digests
from ml.errors import MlopsError
from ml.release import proof, records, store
from ml.release.evidence import StageEvidence
from ml.release.records import Record, Release
from ml.release.store import Store, Stored

if TYPE_CHECKING:
    from ml.azure.clients import Azure

CLOCKS: Final = timedelta(minutes=5)  # how far an approver's clock may be from storage's


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval that holds. approver, requester: object ids as storage set them. path: of the record."""

    release: str
    environment: str
    approver: str
    approver_name: str
    requester: str
    reason: str
    approved_at: datetime
    expires_at: datetime
    digests: Digests
    path: str


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be approved, as it is now. requester: who created the release's record, as storage says."""

    record: Record
    evidence: StageEvidence
    digests: Digests
    requester: str
    environment: str


def case(azure: "Azure", release_id: str, root: Path) -> Case:
    """Read and derive everything that an approval is about.

    Raises MlopsError where there is no record, no evidence or no green one, or where nobody knows who asks.
    """
    environment = azure.estate.environment
    held = store.releases(azure, proof.PROVEN_IN).read(records.blob_path(release_id))
    if held is None:
        raise MlopsError(
            f"There is no record of the release {release_id}.",
            f"Run `mlops deploy --env {proof.PROVEN_IN}`, or name one of `mlops release list`.",
        )
    record = records.parsed(held.content, release_id)
    if not held.owner or not _is_object_id(held.owner):
        raise MlopsError(
            f"Storage does not say who recorded the release {release_id} (owner: {held.owner or 'none'}).",
            "Record it by identity, in an account with a hierarchical namespace: docs/release.md.",
        )
    evidence = proof.newest(azure, release_id)
    if evidence is None:
        raise MlopsError(
            f"Nothing was found out about {release_id} in {proof.PROVEN_IN} yet.",
            f"Run `mlops release test {release_id} --env {proof.PROVEN_IN}`.",
        )
    if not evidence.green:
        raise MlopsError(
            f"The evidence of {release_id} in {evidence.environment} is red.",
            "Mend what failed and make another release, or test this one again.",
            [f"{check.name}: {check.reason}" for check in evidence.failed()] or ["nothing was checked"],
        )
    found = derived.derive(record, evidence, environment, root)
    return Case(record, evidence, found, held.owner, environment)


def approved(
    azure: "Azure",
    release: Record | Release | str,
    digests: Mapping[str, str],
    *,
    root: Path | None = None,
    at: datetime | None = None,
) -> Approval:
    """The approval of a release for the environment of `azure`.

    digests: those of what is about to be deployed, by the names of `Digests` (at least `image`): each has to
    be what was approved. root: the checkout, whose stack file is compared. at: the time, else now.

    Raises MlopsError with the reason when there is none that holds. Nothing is changed.
    """
    from ml.estate import project_root

    named = release.release if isinstance(release, Record) else release
    release_id = named if isinstance(named, str) else named.id
    now, root = at or datetime.now(UTC), root or project_root()
    asked = case(azure, release_id, root)
    own = dict(asked.digests.items())
    for name, digest in digests.items():
        if own.get(name) != digest:
            raise MlopsError(
                f"What is to be deployed is not the release {release_id}: its {name} is {digest}, the "
                f"release's {own.get(name, 'unknown')}.",
                "Deploy exactly what was recorded; another content is another release.",
            )
    held = store.approvals(azure, asked.environment)
    names = held.names(f"{release_id}/", "read approvals")
    if not names:
        raise MlopsError(
            f"The release {release_id} is not approved for {asked.environment}.",
            f"A member of the approvers' group runs `mlops approve {release_id} --env {asked.environment} "
            "--reason …`.",
        )
    if not held.written_once():
        raise MlopsError(
            f"The container {held.container} has no policy of retention: approvals in it could be changed.",
            "Restore the policy: `pulumi -C infra/bootstrap up`.",
        )
    refusals: list[MlopsError] = []
    for name in names:
        try:
            return _one(azure, held, name, asked, now)
        except MlopsError as refusal:
            refusals.append(refusal)
    first, *others = refusals
    details = [*first.details, *(f"an earlier record: {one.problem}" for one in others)]
    raise MlopsError(first.problem, first.remedy, details)


def _one(azure: "Azure", held: Store, name: str, asked: Case, now: datetime) -> Approval:
    """One record, held against the case. Raises MlopsError."""
    found = held.read(name, "read approvals")
    if found is None:
        raise MlopsError(f"The approval {name} is gone.", "Run the command again.")
    _, key_id, _ = envelope.opened(found.content)
    payload = envelope.verified(found.content, keys.public(azure, asked.environment, key_id))
    stated = statement.read(payload)
    check_case(stated, asked)
    check_times(stated, found.created, now)
    check_people(stated, found, asked)
    who = people.person(azure, stated.predicate.approver)
    predicate = stated.predicate
    return Approval(
        release=predicate.release,
        environment=predicate.environment,
        approver=predicate.approver,
        approver_name=who,
        requester=predicate.requester,
        reason=predicate.reason,
        approved_at=found.created,
        expires_at=predicate.expires_at,
        digests=asked.digests,
        path=name,
    )


def check_case(stated: statement.Statement, asked: Case) -> None:
    """Raises MlopsError where the statement is about something else."""
    predicate, release_id = stated.predicate, asked.record.release.id
    for what, is_, wanted in (
        ("release", predicate.release, release_id),
        ("environment", predicate.environment, asked.environment),
    ):
        if is_ != wanted:
            raise MlopsError(
                f"The approval is for the {what} {is_}, not for {wanted}.",
                f"Have {release_id} approved for {asked.environment}.",
            )
    reasons = {
        "settings": f"Pulumi.{asked.environment}.yaml was changed since",
        "evidence": "other evidence was found since",
    }
    for name, digest in asked.digests.items():
        if stated.digests[name] != digest:
            why = reasons.get(name, "it was never what this release has")
            raise MlopsError(
                f"The approval is for another digest of {name}: {stated.digests[name]}, and it is {digest} "
                f"({why}).",
                f"Have {release_id} approved as it is now.",
            )


def check_times(stated: statement.Statement, created: datetime, now: datetime) -> None:
    """Raises MlopsError where it has ended, or where its times are not those of storage."""
    predicate = stated.predicate
    if abs(predicate.approved_at - created) > CLOCKS:
        raise MlopsError(
            f"The approval says that it was given at {predicate.approved_at:%Y-%m-%d %H:%M} UTC; storage has "
            f"it from {created:%Y-%m-%d %H:%M} UTC.",
            "Set the approver's clock right, and have it approved again.",
        )
    if predicate.expires_at > created + statement.LONGEST + CLOCKS:
        raise MlopsError(
            f"The approval is to hold until {predicate.expires_at:%Y-%m-%d}, longer than any may "
            f"({statement.LONGEST.days} days).",
            "Have it approved for a shorter time.",
        )
    if now >= predicate.expires_at:
        raise MlopsError(
            f"The approval has expired: it held until {predicate.expires_at:%Y-%m-%d %H:%M} UTC.",
            "Have it approved again.",
        )


def check_people(stated: statement.Statement, found: Stored, asked: Case) -> None:
    """Raises MlopsError where approver and requester are not whom storage names, or are the same."""
    predicate = stated.predicate
    owner = (found.owner or "").lower()
    if owner != predicate.approver:
        raise MlopsError(
            f"The approval says that {predicate.approver} gave it; storage says that "
            f"{owner or 'nobody it knows'} wrote it.",
            "Do not deploy it. Find out who wrote the record, and have the release approved again.",
        )
    if asked.requester.lower() != predicate.requester:
        raise MlopsError(
            f"The approval says that {predicate.requester} recorded the release; storage says "
            f"{asked.requester}.",
            "Have it approved again.",
        )
    if owner == asked.requester.lower():
        raise MlopsError(
            f"{owner} recorded the release and approved it.",
            "Have somebody else approve it: two people decide.",
        )


def _is_object_id(text: str) -> bool:
    parts = [len(part) for part in text.split("-")]
    return parts == [8, 4, 4, 4, 12]
