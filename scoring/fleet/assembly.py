"""Puts the service of a fleet together from its settings: as that of one model, once more for each member."""

from __future__ import annotations

import logging

from scoring.assembly import (
    authenticator_of,
    check_features,
    evaluator_of,
    lookups_of,
    refuse_another,
    sink_of,
)
from scoring.fleet import stored
from scoring.fleet.members import Members, check
from scoring.fleet.service import FleetService
from scoring.fleet.windows import Windows
from scoring.logs import some
from scoring.model import artifact as artifacts
from scoring.model.drift import DriftReport, WindowCounts
from scoring.model.machine import Absent
from scoring.monitor import DriftMonitor
from scoring.scorer import Scorer
from scoring.settings import Settings
from scoring.telemetry.queue import DriftRecord, Telemetry
from scoring.worker import Place

log = logging.getLogger(__name__)


def assemble(settings: Settings, place: Place | None = None) -> FleetService:
    """Read the fleet, load and test its pooled model, and connect the parts.

    Raises ArtifactError or SettingsError. A member whose model is broken stops nobody: it falls back.
    """
    fleet = stored.load(settings.model_dir)
    if place is not None:
        refuse_another(settings, fleet.digest, place.agree(fleet.digest))
    pooled = artifacts.load(stored.model_dir(settings.model_dir, fleet.pooled))
    check(pooled, fleet.pooled, fleet)
    check_features(settings, pooled)
    if settings.keep is not None:
        log.warning("answers of a fleet are not kept", extra={"fleet": fleet.name})
    chosen = evaluator_of(settings, pooled)
    code = chosen.code or Absent(str(chosen.reason))
    telemetry = Telemetry(sink_of(settings, pooled, chosen, fleet.digest))
    windows = Windows.make(1 + len(fleet.members), pooled.schema.width, settings.drift, code, place)

    def publish(report: DriftReport, window: WindowCounts) -> None:
        if place is None or place.leads():  # one for all: they share the windows
            telemetry.put_drift(DriftRecord(report, window))

    number = len(fleet.members)
    monitor = DriftMonitor(
        pooled.drift,
        settings.drift,
        settings.pace,
        publish,
        windows.window(number, pooled.drift),
        windows.told(number),
    )
    scorer = Scorer(pooled, monitor, settings.identity, settings.limits.rows, chosen)
    scorer.self_test()
    share = settings.fleet.memory_bytes // (1 if place is None else place.workers)
    members = Members(settings.model_dir, fleet, scorer, windows, settings, code, share)
    fallbacks = [members.spoken(key) for key, one in fleet.members.items() if one.falls_back]
    more = {"fleet": fleet.digest, "members": len(fleet.members), "fall_back": some(fallbacks)}
    log.info("the fleet's pooled model passed its self-test", extra=more)
    return FleetService(
        members,
        authenticator_of(settings),
        telemetry,
        settings.limits,
        settings.pace,
        place,
        lookups_of(settings),
        preload=settings.fleet.preload,
    )
