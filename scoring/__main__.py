"""`python -m scoring`: serve the model of MODEL_DIR on PORT. See settings.py for all variables."""

from __future__ import annotations

import logging
import os
import sys

from scoring import logs
from scoring.artifact import ArtifactError
from scoring.compose import compose
from scoring.server import Server, configuration
from scoring.settings import SettingsError, read

log = logging.getLogger("scoring")


SWITCH_SECONDS = 0.0005  # a request waits at most this long for the threads of drift and telemetry


def main() -> int:
    logs.configure()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        settings = read(os.environ)
        if settings.telemetry.connection_string is not None:
            log.addHandler(logs.EarlyRecords())
        service = compose(settings)
    except (SettingsError, ArtifactError) as error:
        log.critical("the service cannot start", extra={"reason": str(error)})
        return 1
    server = Server(
        configuration(service.application(), settings.host, settings.port),
        service.state,
        settings.drain_seconds,
    )
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
