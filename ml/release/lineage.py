"""The chain from data to production: what a release came from, and what came of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ml.approval import envelope, keys, statement
from ml.errors import MlopsError
from ml.release import proof, records, store
from ml.release.evidence import StageEvidence
from ml.release.records import Record
from ml.release.store import Store

if TYPE_CHECKING:
    from ml.azure.clients import Azure


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain. what: data, job … name: by which it is found. detail: what else is known."""

    what: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One approval as it stands. holds: "", or why it cannot be relied on, apart from its time."""

    environment: str
    approver: str
    reason: str
    approved_at: str
    expires_at: str
    holds: str
    path: str


def revision(release_id: str) -> str:
    """The name of a release's revision in production."""
    return f"rev-{release_id.removeprefix('r-')}"


def chain(
    record: Record,
    owner: str | None,
    evidence: StageEvidence | None,
    approvals: list[Seen],
    unread: tuple[str, ...] = (),
) -> list[Link]:
    """data -> code -> job -> its start -> model -> image -> release -> evidence -> approval -> revision.

    Of a fleet with members of other versions, these stand before the model.

    unread: environments whose approvals cannot be read here
    """
    release, known = record.release, record.evidence
    origin = known.lineage
    found = [
        Link("data", origin.get("data_asset", "unknown"), _sha256(origin.get("data_sha256"))),
        Link(
            "code",
            origin.get("code_commit", "unknown"),
            f"environment {origin.get('environment', 'unknown')}",
        ),
        Link("job", origin.get("pipeline_job", "unknown"), f"step {origin.get('job', 'unknown')}"),
        *_started(origin),
        *_exchanged(origin),
        Link("model", f"{release.model_name}:{release.model_version}", _sha256(known.artifact_digest)),
        Link("image", release.image_repository, release.image_digest),
        Link("release", release.id, f"recorded {known.recorded_at} by {owner or 'unknown'}"),
    ]
    if evidence is None:
        found.append(Link("evidence", "none", f"mlops release test {release.id} --env {proof.PROVEN_IN}"))
    else:
        state = "green" if evidence.green else f"red: {', '.join(one.name for one in evidence.failed())}"
        found.append(
            Link("evidence", evidence.digest, f"{state}, {evidence.environment}, {evidence.made_at}")
        )
    found += [
        Link(
            "approval",
            f"for {one.environment} by {one.approver}",
            f"{one.reason} ({one.approved_at} to {one.expires_at}{', ' if one.holds else ''}{one.holds})",
        )
        for one in approvals
    ]
    found += [Link("approval", f"for {one} unknown", "it cannot be read by this identity") for one in unread]
    if not approvals and not unread:
        found.append(Link("approval", "none"))
    held = any(not one.holds for one in approvals)
    state = "" if held else "unknown whether approved" if unread else "not approved"
    return [*found, Link("revision", revision(release.id), state)]


def _started(origin: Mapping[str, str]) -> list[Link]:
    """What started the training; nothing of a model of before that was recorded."""
    by = origin.get("started_by")
    event = origin.get("event")
    named = f"{by} {event}" if event else str(by)
    return [Link("started by", named, origin.get("reason", "unknown"))] if by else []


def _exchanged(origin: Mapping[str, str]) -> list[Link]:
    """Of a fleet that was made from another one: each member that differs, and from where it is."""
    base, changed = origin.get("base"), origin.get("changed")
    if not base or not changed:
        return []
    return [Link("member", one, f"all others as in {base}") for one in changed.split("; ")]


def _sha256(digest: str | None) -> str:
    return f"sha256:{digest.removeprefix('sha256:')}" if digest else "unknown"


def seen(
    azure: "Azure", release_id: str, environments: tuple[str, ...]
) -> tuple[list[Seen], tuple[str, ...]]:
    """The approvals of a release for these environments, the newest first, and the environments whose
    approvals cannot be read."""
    from azure.core.exceptions import HttpResponseError

    if azure.estate.release_account is None:
        return [], ()
    found: list[Seen] = []
    unread: list[str] = []
    for environment in environments:
        held = store.approvals(azure, environment, patient=False)
        try:
            found += [_seen(azure, held, name, environment) for name in held.names(f"{release_id}/")]
        except HttpResponseError as error:
            if error.status_code not in (403, 404):
                raise
            azure.report.warn(f"approvals for {environment} cannot be read here ({error.status_code})")
            unread.append(environment)
    return found, tuple(unread)


def _seen(azure: "Azure", held: Store, name: str, environment: str) -> Seen:
    found = held.read(name)
    if found is None:
        return Seen(environment, "", "", "", "", "it is gone", name)
    owner, at = found.owner or "unknown", found.created.isoformat(timespec="seconds")
    try:
        _, key_id, _ = envelope.opened(found.content)
        stated = statement.read(envelope.verified(found.content, keys.public(azure, environment, key_id)))
    except MlopsError as refusal:
        return Seen(environment, owner, "", at, "", refusal.problem, name)
    predicate = stated.predicate
    wrong = "" if predicate.approver == owner.lower() else f"it names {predicate.approver}"
    until = predicate.expires_at.isoformat(timespec="seconds")
    return Seen(environment, owner, predicate.reason, at, until, wrong, name)


def lineage(azure: "Azure", release_id: str, environments: tuple[str, ...]) -> dict[str, Any]:
    """Everything that is known of a release. Raises MlopsError where there is no record of it."""
    held = store.releases(azure, azure.estate.environment)
    found = held.read(records.blob_path(release_id), "read release records")
    if found is None:
        raise MlopsError(
            f"There is no record of the release {release_id} in {azure.estate.environment}.",
            f"Name one of `mlops release list --env {azure.estate.environment}`.",
        )
    record = records.parsed(found.content, release_id)
    evidence = proof.newest(azure, release_id, azure.estate.environment)
    approvals, unread = seen(azure, release_id, environments)
    return {
        "release": release_id,
        "record": record.model_dump(mode="json"),
        "recorded_by": found.owner,
        "evidence": evidence.model_dump(mode="json") if evidence else None,
        "evidence_digest": evidence.digest if evidence else None,
        "green": evidence.green if evidence else None,
        "approvals": [asdict(one) for one in approvals],
        "approvals_unread": unread,
        "chain": [asdict(link) for link in chain(record, found.owner, evidence, approvals, unread)],
    }


def listed(azure: "Azure", limit: int) -> list[dict[str, Any]]:
    """The newest releases of an environment."""
    held = store.releases(azure, azure.estate.environment)
    found: list[dict[str, Any]] = []
    for name in held.names(f"{records.PREFIX}/")[:limit]:
        stored = held.read(name, "read release records")
        if stored is None:
            continue
        release_id = name.rpartition("/")[2].removesuffix(".json")
        record = records.parsed(stored.content, release_id)
        evidence = proof.newest(azure, release_id, azure.estate.environment)
        found.append(
            {
                **records.summary(record),
                "recorded_at": stored.created.isoformat(timespec="seconds"),
                "recorded_by": stored.owner,
                "evidence": evidence.digest if evidence else None,
                "green": evidence.green if evidence else None,
            }
        )
    return found
