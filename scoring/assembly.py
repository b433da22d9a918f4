"""Puts the service together from its settings."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from scoring.fleet import stored
from scoring.http.app import Service
from scoring.http.authentication import AnyoneMay, Authenticator, BearerKey, DigestOfKey, from_key_vault
from scoring.kept.part import OWN, Layout
from scoring.kept.writer import Keeper
from scoring.logs import SELF_TEST_PASSED, some
from scoring.model import artifact as artifacts
from scoring.model import evaluator, machine
from scoring.model.artifact import Artifact, ArtifactError
from scoring.model.drift import DriftReport, WindowCounts
from scoring.model.evaluator import Evaluator
from scoring.model.machine import Absent
from scoring.monitor import DriftMonitor
from scoring.precomputed.address import File
from scoring.precomputed.lookup import FileReader, Reader, ServerReader
from scoring.precomputed.lookups import Lookups
from scoring.precomputed.server import by_credential
from scoring.scorer import Scorer
from scoring.settings import KeyDigest, Settings, SettingsError
from scoring.telemetry.events import Privacy
from scoring.telemetry.queue import DriftRecord, Sink, Telemetry
from scoring.told import Told
from scoring.window import RollingWindow
from scoring.worker import Place

if TYPE_CHECKING:
    from scoring.kept.lake import LakeStore

log = logging.getLogger(__name__)


def assemble(settings: Settings, place: Place | None = None) -> Service:
    """Load the model, test it on its samples, and connect the parts.

    Raises ArtifactError or SettingsError: the service does not start with a model that it cannot answer for.
    """
    if stored.is_fleet(settings.model_dir):
        from scoring.fleet.assembly import assemble as assemble_fleet

        return assemble_fleet(settings, place)
    artifact = artifacts.load(settings.model_dir)
    if place is not None:
        refuse_another(settings, artifact.digest, place.agree(artifact.digest))
    check_features(settings, artifact)
    if blind := artifact.drift.blind:
        more = {"features": some(blind), "remedy": "train the model anew"}
        log.warning("drift of features cannot be seen: their reference has one bin", extra=more)
    chosen = evaluator_of(settings, artifact)
    telemetry = Telemetry(sink_of(settings, artifact, chosen))

    def publish(report: DriftReport, window: WindowCounts) -> None:
        if place is None or place.leads():  # one for all: they share the window
            telemetry.put_drift(DriftRecord(report, window))

    code = chosen.code or Absent(str(chosen.reason))
    if place is None:
        window, told = RollingWindow(artifact.drift, settings.drift.window_rows, code=code), Told()
    else:
        window, told = place.window(artifact.drift, settings.drift, code)
    monitor = DriftMonitor(artifact.drift, settings.drift, settings.pace, publish, window, told)
    scorer = Scorer(artifact, monitor, settings.identity, settings.limits.rows, chosen)
    scorer.self_test()
    log.info(
        SELF_TEST_PASSED,
        extra={"model": scorer.model, "rows": len(artifact.samples.predictions)},
    )
    keeper = _keeper(settings, scorer, telemetry)
    lookups = lookups_of(settings)
    return Service(scorer, authenticator_of(settings), telemetry, settings.limits, place, keeper, lookups)


def evaluator_of(settings: Settings, artifact: Artifact) -> Evaluator:
    """The machine code, or ONNX Runtime, which the log then tells with the reason."""
    code = machine.found() if settings.machine_code else Absent("SCORING_MACHINE_CODE is false")
    chosen = evaluator.choose(artifact, code)
    say = log.info if chosen.code or not settings.machine_code else log.warning
    say(f"{chosen.name} evaluates the model", extra={"evaluator": chosen.to_json()})
    return chosen


def refuse_another(settings: Settings, digest: str, served: str) -> None:
    """Refuse a model that somebody put into MODEL_DIR while the service ran: all workers serve one."""
    if digest != served:
        raise ArtifactError(
            f"MODEL_DIR is {settings.model_dir}, which now holds the model {digest}; this service "
            f"serves {served}: put that one back, or restart the whole service"
        )


def authenticator_of(settings: Settings) -> Authenticator:
    if settings.key_source is None:
        log.warning("SCORING_ALLOW_ANONYMOUS is true: anyone who reaches this port may score")
        return AnyoneMay()
    if isinstance(settings.key_source, KeyDigest):
        return DigestOfKey(settings.key_source)
    return BearerKey(from_key_vault(settings.key_source, settings.client_id))


def _keeper(settings: Settings, scorer: Scorer, telemetry: Telemetry) -> Keeper | None:
    """What writes the answered rows to the data lake; None when they are not kept."""
    keep = settings.keep
    if keep is None:
        return None
    hidden = settings.telemetry.redact | settings.telemetry.hashed
    model = f"{settings.identity.name}:{settings.identity.version}"
    replica = re.sub(r"[^a-z0-9]+", "-", socket.gethostname().lower()).strip("-")[:63] or "replica"
    layout = Layout(scorer.artifact.schema, hidden, model, settings.identity.release, replica)
    if taken := layout.taken():
        raise SettingsError(
            f"SCORING_KEEP_URL is set, and the model has the features {', '.join(taken)}: columns of what is "
            f"kept are named {', '.join(OWN)}; name the features otherwise, or keep no answers"
        )

    def open_store() -> LakeStore:
        from scoring.identity import credential
        from scoring.kept.lake import LakeStore

        return LakeStore(keep.url, credential(settings.client_id))

    return Keeper(layout, keep.pace, open_store, telemetry.put_count)


def lookups_of(settings: Settings) -> Lookups | None:
    """What looks predictions up by key; None when no database is named."""
    chosen = settings.predictions
    if chosen is None:
        return None

    def open_reader() -> Reader:
        from scoring.identity import credential

        if isinstance(chosen.database, File):
            return FileReader(chosen.database)
        token = by_credential(lambda: credential(settings.client_id))
        return ServerReader(chosen.database, token, chosen.seconds, chosen.authorities)

    return Lookups(open_reader, chosen.connections, chosen.seconds)


def sink_of(
    settings: Settings, artifact: Artifact, chosen: Evaluator, digest: str | None = None
) -> Callable[[], Sink] | None:
    """What opens the sink of telemetry; None when none is named.

    digest: of what serves, where it is more than the artifact.
    """
    if settings.telemetry.connection_string is None:
        return None

    def open_sink() -> Sink:
        from scoring.telemetry.azuremonitor import AzureMonitor

        privacy = Privacy(settings.telemetry.redact, settings.telemetry.hashed, _hash_key(settings))
        return AzureMonitor(settings, artifact, privacy, chosen.name, digest)

    return open_sink


def _hash_key(settings: Settings) -> bytes:
    """The key with which features are hashed: the deployment's, else a random one for this process alone."""
    if settings.telemetry.hash_key is None:
        return secrets.token_bytes(32)
    return hashlib.sha256(settings.telemetry.hash_key.encode()).digest()


def check_features(settings: Settings, artifact: Artifact) -> None:
    for variable, names in (
        ("SCORING_REDACT_FEATURES", settings.telemetry.redact),
        ("SCORING_HASH_FEATURES", settings.telemetry.hashed),
    ):
        unknown = sorted(names - set(artifact.schema.names))
        if unknown:
            raise SettingsError(f"{variable} names {', '.join(unknown)}: not among the model's features")
