"""What the demo does, in order, as data."""

import sys
from dataclasses import dataclass
from typing import Literal

from infra.environments import environments

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

    @property
    def name(self) -> str:
        """A file name's worth of it: "mlops-train"."""
        return "-".join(word for word in self.shown.removeprefix("python -m ").split()[:2])


def pulumi_up(stack: str, recover: bool = False) -> Phase:
    """`recover`: the vault of an estate that was destroyed is kept by Azure and has to be brought back."""
    wish = ("--config", "mlops-estate:recoverKeyVault=true") if recover else ()
    quiet = (
        "--yes",
        "--skip-preview",
        "--non-interactive",
        "--color",
        "never",
        "--suppress-progress",
        "--suppress-outputs",
    )
    shown = " ".join(("pulumi", "up", "-s", stack, *wish))
    return Phase(f"the estate {stack} goes up", shown, (*RUN, "pulumi", "up", "-s", stack, *quiet, *wish))


def phases(to_recover: frozenset[str] = frozenset()) -> tuple[Phase, ...]:
    """All phases but the first, which starts the emulator. `to_recover`: whose vault comes back."""
    return (*(pulumi_up(stack, stack in to_recover) for stack in STACKS), *MODEL)


STACKS = environments()
START = Phase("Azure on loopback starts", "python -m emulator up", (*EMULATOR, "up"))
MODEL = (
    Phase(
        "a model is trained and registered",
        "mlops train --env stage",
        (*RUN, "mlops", "train", "--env", "stage"),
    ),
    Phase(
        "its image is built and deployed",
        "mlops deploy --env stage",
        (*RUN, "mlops", "deploy", "--env", "stage"),
    ),
    Phase(
        "real rows are scored",
        "mlops score --env stage --rows 300",
        (*RUN, "mlops", "score", "--env", "stage", "--rows", "300"),
        show="all",
    ),
)


def telemetry(since: str) -> Phase:
    """Waits for what the scored rows of this run gave; `since`: ISO time in UTC."""
    wanted = "AppRequests,scoring.batch,scoring.rows"
    wait = ("--limit", "5", "--wait-for", wanted, "--since", since)
    shown = "python -m emulator telemetry"
    return Phase("its telemetry arrives", shown, (*EMULATOR, "telemetry", *wait), show="all")
