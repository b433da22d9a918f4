"""What the demo does, in order, as data."""

import sys
from dataclasses import dataclass
from typing import Literal

PYTHON = sys.executable
EMULATOR = (PYTHON, "-m", "emulator")
RUN = (*EMULATOR, "run", "--")


@dataclass(frozen=True, slots=True)
class Phase:
    """One command of the demo.

    title: what it does, for the reader. shown: the command as a person would type it. argv: what is started.
    show: how much of its output stands below the finished phase.
    """

    title: str
    shown: str
    argv: tuple[str, ...]
    show: Literal["nothing", "all"] = "nothing"


def pulumi_up(stack: str) -> Phase:
    up = (
        "pulumi",
        "up",
        "--stack",
        stack,
        "--yes",
        "--skip-preview",
        "--non-interactive",
        "--color",
        "never",
    )
    return Phase(f"the estate of {stack} goes up", f"pulumi up -s {stack}", (*RUN, *up))


PHASES = (
    Phase("Azure on loopback starts", "python -m emulator up", (*EMULATOR, "up")),
    pulumi_up("stage"),
    pulumi_up("prod"),
    Phase(
        "a model is trained, compared and registered",
        "mlops train --env stage",
        (*RUN, "mlops", "train", "--env", "stage"),
    ),
    Phase(
        "its image is built once, deployed and smoke-tested",
        "mlops deploy --env stage",
        (*RUN, "mlops", "deploy", "--env", "stage"),
    ),
    Phase(
        "real rows are scored",
        "mlops score --env stage --rows 300",
        (*RUN, "mlops", "score", "--env", "stage", "--rows", "300"),
        show="all",
    ),
    Phase(
        "the telemetry that arrived",
        "python -m emulator telemetry",
        (*EMULATOR, "telemetry"),
        show="all",
    ),
)

STACK_FILES = ("Pulumi.stage.yaml", "Pulumi.prod.yaml")
