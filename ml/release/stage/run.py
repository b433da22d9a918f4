"""`mlops release test`: everything that is asked of a release in stage, as evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.azure import models
from ml.deploy import group, image, ways
from ml.deploy.endpoint import Endpoint
from ml.errors import MlopsError
from ml.release import now, proof, records
from ml.release.evidence import Check, Profile, StageEvidence
from ml.release.revision import revision_of
from ml.release.stage import behaviour, contract, gateway, load, measured, members
from ml.release.stage import image as images

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.release.records import Record
    from scoring.model.artifact import Artifact


@dataclass(frozen=True)
class Subject:
    """A release where it is deployed. context: its build context in this checkout. group: by name."""

    azure: "Azure"
    record: "Record"
    endpoint: Endpoint
    context: image.BuildContext
    group: str

    @property
    def artifact(self) -> "Artifact":
        return self.context.model


# In the order in which they are asked: what is broken shows before the load comes.
CHECKS: dict[str, Callable[[Subject], Check]] = {
    "contract": lambda it: contract.check(
        it.endpoint, it.artifact.samples.request, it.artifact.schema.names[0]
    ),
    "parity": lambda it: behaviour.parity(it.endpoint, it.artifact, it.azure.settings.scoring.tolerance),
    "outliers": lambda it: behaviour.outliers(it.endpoint, it.artifact),
    "drift": lambda it: behaviour.drift(it.endpoint, it.artifact),
}


def _members(subject: Subject) -> Check:
    fleet = subject.context.fleet
    if fleet is None:
        raise ValueError("one model has no members")
    return members.check(subject.endpoint, subject.context, fleet, subject.azure.settings.scoring.tolerance)


def _through_the_gateway(subject: Subject) -> Check:
    audience = subject.azure.estate.gateway_audience
    if audience is None:
        return gateway.check(subject.endpoint, None)
    return gateway.check(
        subject.endpoint, lambda: subject.azure.credential.get_token(f"{audience}/.default").token
    )


def found_out(
    subject: Subject, load_seconds: float | None = None
) -> tuple[tuple[Check, ...], Profile | None]:
    """Every check, and what the service used under load."""
    import httpx

    azure, record = subject.azure, subject.record
    made: list[Check] = []
    of_fleets = {members.NAME: _members} if subject.context.fleet else {}
    through = {gateway.NAME: _through_the_gateway} if subject.endpoint.gateway else {}
    for name, check in (CHECKS | of_fleets | through).items():
        with azure.report.phase(name):
            try:
                made.append(check(subject))
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                reason = f"{type(error).__name__}: {error}"
                made.append(Check(name=name, passed=False, figures={}, reason=reason))
            _tell(azure, made[-1])
    settings = azure.settings.release
    with azure.report.phase("load"):
        began = datetime.now(UTC)
        tally = load.run(
            subject.endpoint,
            subject.artifact.samples.request,
            load_seconds or settings.load_seconds,
            settings.load_clients,
            azure.report.line,
        )
        judged = load.judged(tally, settings)
        profile, why = measured.profile(azure, subject.group, began, datetime.now(UTC), tally.rate)
        usage: dict[str, float | str] = (
            {"cpu_cores_p95": profile.cpu_cores_p95, "memory_bytes_max": float(profile.memory_bytes_max)}
            if profile
            else {"cpu_and_memory": f"unknown: {why}"}
        )
        made.append(judged.model_copy(update={"figures": {**judged.figures, **usage}}))
        _tell(azure, made[-1])
    with azure.report.phase("image"):
        known = images.checks(subject.context.files, subject.context.sha256, record.evidence.context_sha256)
        made += known
        for check in known:
            _tell(azure, check)
    return tuple(made), profile


def _tell(azure: "Azure", check: Check) -> None:
    azure.report.line(f"{'passed' if check.passed else 'FAILED'}: {check.name}: {check.reason}")


def test(
    azure: "Azure",
    root: Path,
    release_id: str,
    load_seconds: float | None = None,
    deployed: Callable[[], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Test the release where it is deployed, and keep the evidence beside its record.

    load_seconds: in place of the settings'. deployed: the outputs of the group's stack, where somebody asks
    for them already.
    Raises MlopsError when it is not deployed there; red evidence is kept as well, and is no error here.
    """
    environment = azure.estate.environment
    with azure.report.phase(f"the release {release_id} in {environment}"):
        record = records.read(azure, release_id)
        outputs = deployed() if deployed else group.outputs(environment)
        if not outputs.get("address") or outputs.get("release") != release_id:
            there = outputs.get("release") or "nothing"
            raise MlopsError(
                f"The release {release_id} is not deployed in {environment}: {there} is.",
                f"Run `mlops deploy --env {environment} --model "
                f"{record.release.model_name}:{record.release.model_version}`.",
            )
        release = record.release
        model = models.find(azure, f"{release.model_name}:{release.model_version}")
        context = image.assemble(azure, root, model)
        endpoint = ways.deployed(azure, outputs, revision_of(release_id))
    checks, profile = found_out(
        Subject(azure, record, endpoint, context, str(outputs["group"])), load_seconds
    )
    evidence = StageEvidence(
        release_id=release_id, environment=environment, made_at=now(), checks=checks, profile=profile
    )
    with azure.report.phase("keeping the evidence"):
        digest = proof.keep(azure, evidence)
    return {
        "release": release_id,
        "environment": environment,
        "green": evidence.green,
        "digest": digest,
        "evidence": evidence.model_dump(mode="json"),
    }
