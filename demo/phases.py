"""What the demo does, as data: its commands, and which of them wait for which."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from demo import stacks
from infra.environments import environments
from ml.settings import OVER

PYTHON = sys.executable
EMULATOR = (PYTHON, "-m", "emulator")
NOTHING: Mapping[str, tuple[str, ...]] = {}
RUN = (*EMULATOR, "run", "--")
RELEASES = Path(__file__).parent / "releases"
FIRST = RELEASES / "first.toml"
PROVEN_IN, PROMOTED_TO = "stage", "prod"
# Before a command that nothing waits for yet: what the demo waits for gets the processors first.
PATIENT = ("nice", "-n", "5") if shutil.which("nice") else ()


@dataclass(frozen=True, slots=True)
class Phase:
    """One command of the demo.

    title: what it does, for the reader. shown: the command as a person would type it. argv: what is
    started. show: how much of its output stands below the finished phase. key, after: what it is called, and
    the keys of those that have to have ended well before it begins. variables: of its environment. since,
    release: the keys of phases that complete argv, by when they began (`--since`) and by the release that
    they told of, its last word.
    """

    title: str
    shown: str
    argv: tuple[str, ...]
    show: Literal["nothing", "all"] = "nothing"
    key: str = ""
    after: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    since: str = ""
    release: str = ""

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
# Pulumi writes its state when it ends, also when it fails or is interrupted, and not all of it anew after
# each resource, which takes it longer than all else. What kills it loses the state: after that, `make clean`.
AT_THE_END = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
SHARED = Phase(
    "what all estates share goes up",
    "pulumi up -C infra/bootstrap -s shared",
    (*RUN, "pulumi", "up", "-C", "infra/bootstrap", "-s", "shared", *QUIET),
    key="shared",
    after=("start",),
    variables=AT_THE_END,
)
START = Phase("Azure on loopback starts", "python -m emulator up", (*EMULATOR, "up"), key="start")
STACKS = environments()


def pulumi_up(
    stack: str,
    key: str,
    after: tuple[str, ...] = (),
    wishes: tuple[str, ...] = (),
    settings: tuple[str, ...] = (),
) -> Phase:
    """`wishes`: settings of this run alone, as `recoverKeyVault`. `settings`: sections with more in them than
    the stack file can say, whose values other commands made."""
    wish = tuple(word for name in wishes for word in ("--config", f"mlops-estate:{name}=true"))
    shown = " ".join(("pulumi", "up", "-s", stack, *wish, *(("--config-path", "…") if settings else ())))
    argv = (*RUN, "pulumi", "up", "-s", stack, *QUIET, *wish, *settings)
    return Phase(f"the estate {stack} goes up", shown, argv, key=key, after=after, variables=AT_THE_END)


def phases(to_recover: Mapping[str, tuple[str, ...]] = NOTHING, promoter: str = "") -> tuple[Phase, ...]:
    """All phases but START and SHARED.

    to_recover: by stack, as checks.py finds it. promoter: object id of the identity that promotes into
    production; "" names none.
    """
    ups = (
        replace(up, argv=(*(PATIENT if stack == PROMOTED_TO else ()), *up.argv))
        for stack in STACKS
        for up in _ups(stack, to_recover.get(stack, ()), promoter)
    )
    return (*ups, *MODEL, TELEMETRY, PRODUCTION)


def _ups(stack: str, wishes: tuple[str, ...], promoter: str) -> Iterator[Phase]:
    """One `pulumi up`; two where Azure makes a gateway only open, and the second shuts it.

    Between them the service's key is made in production, and the gateway told of it.
    """
    named = promoter and "mlops-estate:releases" in stacks.config(stack)
    named_settings = stacks.settings_of(stack, "releases", promoterId=promoter) if named else ()
    if not stacks.has_a_private_gateway(stack):
        yield pulumi_up(stack, stack, (), wishes, named_settings)
        return
    opened, keyed = f"{stack} open", f"{stack} key"
    yield pulumi_up(stack, opened, (), (*wishes, "openGateway"), named_settings)
    yield Phase(
        f"the service's key of {stack} is made",
        f"mlops key --env {stack}",
        (*EMULATOR, "run", "--from", stacks.runners(stack), "--", "mlops", "key", "--env", stack),
        key=keyed,
        after=(opened,),
    )
    yield pulumi_up(stack, stack, (keyed,), (), named_settings)


def _mlops(
    title: str, *words: str, key: str, after: str, show: Literal["nothing", "all"] = "nothing"
) -> Phase:
    """In stage, with the settings of the first release."""
    command = ("mlops", *words)
    return Phase(title, " ".join(command), (*RUN, *command), show, key, (after,), {OVER: str(FIRST)})


MODEL = (
    _mlops("a model is trained and registered", "train", "--env", "stage", key="train", after="stage"),
    _mlops("its image is built and deployed", "deploy", "--env", "stage", key="deploy", after="train"),
    # Before anybody else is busy: its load test would tell of that.
    replace(
        _mlops("stage proves it", "release", "test", "--env", "stage", key="prove", after="deploy"),
        release="deploy",
    ),
    _mlops(
        "real rows are scored",
        "score",
        "--env",
        "stage",
        "--rows",
        "300",
        key="score",
        after="prove",
        show="all",
    ),
)
# Waits for what the scored rows gave, and not for those of an earlier demo.
TELEMETRY = Phase(
    "its telemetry arrives",
    "python -m emulator telemetry",
    (*EMULATOR, "telemetry", "--limit", "5", "--wait-for", "AppRequests,scoring.batch,scoring.rows"),
    show="all",
    key="telemetry",
    after=("score",),
    since="score",
)
PRODUCTION = Phase(
    "production takes releases, one by a canary, and refuses a bad one",
    "python -m demo.production",
    (PYTHON, "-m", "demo.production", "--release"),
    show="all",
    key="production",
    after=("prove", "prod"),
    release="deploy",
)
