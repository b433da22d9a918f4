"""`python -m scoring`: serve the model of MODEL_DIR on PORT. See settings.py for all variables."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys

from scoring import logs, supervisor, worker
from scoring.settings import Settings, SettingsError, read

log = logging.getLogger("scoring")

COLLECT = 20_000, 20, 50  # when Python looks for cycles: seldom, because requests leave hardly any
SWITCH_SECONDS = 0.0005  # the threads of drift and telemetry hold up a request for at most this long


def main() -> int:
    logs.configure()
    try:
        place = worker.place(os.environ)
        settings = read(os.environ)
    except SettingsError as error:
        return _cannot_start(error)
    if place is None and settings.workers > 1:
        return supervisor.supervise(settings)
    return serve(settings, place)


def serve(settings: Settings, place: worker.Place | None) -> int:
    """Serve in this process."""
    from scoring.assembly import assemble
    from scoring.http.descriptors import connections
    from scoring.http.server import Server, configuration
    from scoring.model.artifact import ArtifactError  # a supervisor needs neither model nor server

    sys.setswitchinterval(SWITCH_SECONDS)
    if place is not None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, supervisor.SIGNALS)
        place.end_with_supervisor()
    try:
        if settings.telemetry.connection_string is not None:
            log.addHandler(logs.EarlyRecords())
        service = assemble(settings, place)
    except (SettingsError, ArtifactError) as error:
        return _cannot_start(error)
    server = Server(
        configuration(
            service.application(),
            settings.host,
            settings.port,
            service.direct,
            connections(settings.limits.connections),
        ),
        service.state,
        settings.drain_seconds,
    )
    gc.collect()
    gc.freeze()  # the collector no longer looks through the objects of the start, which all stay
    gc.set_threshold(*COLLECT)
    server.run([place.socket()] if place is not None else None)
    return 0 if server.started else 1


def _cannot_start(error: Exception) -> int:
    log.critical("the service cannot start", extra={"reason": str(error)})
    return 1


if __name__ == "__main__":
    sys.exit(main())
