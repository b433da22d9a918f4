"""What the demo does, in order, as data."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import yaml

from infra.environments import environments, stack_file

PYTHON = sys.executable
EMULATOR = (PYTHON, "-m", "emulator")
NOTHING: Mapping[str, tuple[str, ...]] = {}
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


QUIET = (
    "--yes",
    "--skip-preview",
    "--non-interactive",
    "--color",
    "never",
    "--suppress-progress",
    "--suppress-outputs",
)
SHARED = Phase(
    "what all estates share goes up",
    "pulumi up -C infra/bootstrap -s shared",
    (*RUN, "pulumi", "up", "-C", "infra/bootstrap", "-s", "shared", *QUIET),
)


def pulumi_up(stack: str, *wishes: str) -> Phase:
    """`wishes`: settings of this run alone, as `recoverKeyVault`."""
    wish = tuple(word for name in wishes for word in ("--config", f"mlops-estate:{name}=true"))
    shown = " ".join(("pulumi", "up", "-s", stack, *wish))
    return Phase(f"the estate {stack} goes up", shown, (*RUN, "pulumi", "up", "-s", stack, *QUIET, *wish))


def phases(to_recover: Mapping[str, tuple[str, ...]] = NOTHING) -> tuple[Phase, ...]:
    """All phases but the first, which starts the emulator. `to_recover`: by stack, as checks.py finds it."""
    return (SHARED, *(up for stack in STACKS for up in ups(stack, to_recover.get(stack, ()))), *MODEL)


def ups(stack: str, wishes: tuple[str, ...]) -> Iterator[Phase]:
    """One `pulumi up`; two where Azure makes a gateway only open, and the second shuts it."""
    if has_a_private_gateway(stack):
        yield pulumi_up(stack, *wishes, "openGateway")
        yield pulumi_up(stack)
    else:
        yield pulumi_up(stack, *wishes)


def has_a_private_gateway(stack: str) -> bool:
    """What the stack file of an environment says."""
    config = yaml.safe_load(stack_file(stack).read_text())["config"]
    private = config["mlops-estate:networkAccess"]["mode"] == "private"
    return private and "mlops-estate:gateway" in config


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

PRODUCTION = Phase(
    "production takes releases, one by a canary, and refuses a bad one",
    "python -m demo.production",
    (PYTHON, "-m", "demo.production"),
    show="all",
)


def telemetry(since: str) -> Phase:
    """Waits for what the scored rows of this run gave; `since`: ISO time in UTC."""
    wanted = "AppRequests,scoring.batch,scoring.rows"
    wait = ("--limit", "5", "--wait-for", wanted, "--since", since)
    shown = "python -m emulator telemetry"
    return Phase("its telemetry arrives", shown, (*EMULATOR, "telemetry", *wait), show="all")
