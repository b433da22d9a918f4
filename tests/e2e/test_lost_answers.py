"""The engine or the provider is killed when Azure has answered creates of which the state knows nothing yet.

The victim is frozen while creates are in flight; Azure goes on and answers them; then the victim is killed.
After `pulumi cancel`, `mlops recover` and `pulumi up` each resource of the program is there once.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from tests.e2e import killing
from tests.emulator.engine import Engine

pytestmark = pytest.mark.e2e

PROGRAM: Final = "many"
PROGRAMS: Final = Path(__file__).parents[1] / "emulator" / "programs"
TRIES: Final = 5
LIMIT_S: Final = 60.0
QUIET_S: Final = 0.5  # for so long Azure makes nothing more: what was in flight is done
RUN: Final = (sys.executable, "-m", "emulator", "run", "--")
UP: Final = ("up", "--yes", "--skip-preview", "--non-interactive", "--color", "never")
LANGUAGE_HOST: Final = "pulumi-language-python"  # looks after its engine every five minutes only
SUFFIX: Final = re.compile(r"[0-9a-f]{8}$")  # what automatic naming adds


def is_engine(process: psutil.Process) -> bool:
    return Path((killing.words(process) or [""])[0]).name == "pulumi"


def is_provider(process: psutil.Process) -> bool:
    return "emulator.provider" in killing.words(process)


VICTIMS: Final[dict[str, Callable[[psutil.Process], bool]]] = {
    "the engine": is_engine,
    "the provider": is_provider,
}


@dataclass(frozen=True)
class Stack:
    """A stack of the program's, selected in the project. others: the ids of those before it in this Azure."""

    engine: Engine
    name: str
    others: frozenset[str] = frozenset()

    def pulumi(self, *argv: str) -> None:
        self.engine.pulumi(PROGRAM, *argv)

    def mend(self) -> None:
        """As the runbook says. What has a random name the emulator's provider finds again by itself."""
        self.pulumi("cancel", "--yes")
        folder = self.engine.folder / PROGRAM
        options = ("--env", self.name, "--project", str(folder), "--yes")
        self.engine.command(*RUN, "mlops", "recover", *options)

    def in_azure(self) -> list[str]:
        """The ids that the program makes, not what comes with them."""
        database = f"file:{self.engine.folder / 'home' / 'emulator.db'}?mode=ro"
        with closing(sqlite3.connect(database, uri=True)) as store:
            ids = [row[0] for row in store.execute("SELECT id FROM resource ORDER BY sequence")]
        made = (one for one in ids if "/resourceGroups/" in one and not one.endswith("Services/default"))
        return [one for one in made if one not in self.others]

    def in_state(self) -> set[str]:
        """The ids that the stack's state file has, in lower case."""
        stacks = self.engine.folder / "home" / "pulumi" / "state" / ".pulumi" / "stacks"
        state = json.loads((stacks / PROGRAM / f"{self.name}.json").read_text())
        latest: dict[str, Any] = state["checkpoint"].get("latest") or {}
        return {str(one.get("id", "")).lower() for one in latest.get("resources") or []}

    def lost(self) -> list[str]:
        """What Azure has made and the state does not know."""
        known = self.in_state()
        return [one for one in self.in_azure() if one.lower() not in known]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("lost"), PROGRAMS)
    shutil.copytree(PROGRAMS / PROGRAM, engine.folder / PROGRAM)
    engine.emulator("up")
    yield engine
    engine.emulator("down")


@pytest.fixture
def stack(engine: Engine, victim: str, count: int) -> Stack:
    name = f"{victim.split()[-1]}-{count}"
    others = frozenset(Stack(engine, name).in_azure())
    engine.init(PROGRAM, name)
    settings = ("--plaintext=azure-native:location=westeurope", f"--plaintext=count={count}")
    engine.pulumi(PROGRAM, "config", "set-all", *settings)
    return Stack(engine, name, others)


def start(stack: Stack, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [*RUN, "pulumi", "-C", str(stack.engine.folder / PROGRAM), *UP],
            cwd=Path(__file__).parents[2],
            env=stack.engine.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def until(holds: Callable[[], bool], log: Path) -> None:
    """Wait; look often, so that what has just been answered is still under way."""
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"the resources are not there within {LIMIT_S:.0f} s:\n{log.read_text()[-3000:]}")
        time.sleep(0.002)


def settled(stack: Stack) -> list[str]:
    """What is in Azure once nothing more comes."""
    before: list[str] = []
    while (now := stack.in_azure()) != before:
        before = now
        time.sleep(QUIET_S)
    return now


def kill_with_answers_under_way(stack: Stack, victim: str, resources: int) -> list[str]:
    """Start `up`, kill the victim once so many resources are there; the ids that the state never learnt.

    Where each moment that was looked at had no answer under way, `up` ends: the same is tried from the start.
    """
    for _ in range(TRIES):
        if found := killed_with_answers_under_way(stack, victim, resources):
            return found
        stack.pulumi("destroy", "--yes", "--skip-preview")
    pytest.fail(f"in {TRIES} runs no answer was under way when {victim} was stopped")


def killed_with_answers_under_way(stack: Stack, victim: str, resources: int) -> list[str]:
    """The ids that the state never learnt; none where `up` ended well before such a moment was met."""
    log = stack.engine.folder / "up.log"
    client = start(stack, log)

    def family() -> killing.Processes:
        return killing.family(psutil.Process(client.pid))

    def enough() -> bool:
        return len(stack.in_azure()) >= resources or client.poll() is not None

    while True:
        until(enough, log)
        if client.poll() is not None:
            assert client.returncode == 0, f"up failed before it was killed:\n{log.read_text()[-3000:]}"
            return []
        [process] = [one for one in family() if VICTIMS[victim](one)][:1]
        process.send_signal(signal.SIGSTOP)
        settled(stack)
        if found := stack.lost():
            break
        process.send_signal(signal.SIGCONT)  # it had just heard of all of them
        resources = len(stack.in_azure()) + 2
    rest = family()
    hosts = [one for one in rest if LANGUAGE_HOST in "".join(killing.words(one)[:1])]
    process.kill()
    assert killing.named(killing.left(lambda: [one for one in rest if one not in hosts])) == []
    killing.kill(hosts)
    assert client.wait(LIMIT_S) != 0
    return found


def prefixes(stack: Stack) -> Counter[tuple[str, str]]:
    """How many there are of each type and name in the program."""
    return Counter(
        (kind, SUFFIX.sub("", name)) for kind, name in (one.rsplit("/", 2)[1:] for one in stack.in_azure())
    )


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize(
    ("count", "moments"),
    [
        pytest.param(32, (12,), id="short"),
        pytest.param(200, (8, 40, 80, 120), id="long", marks=pytest.mark.slow),
    ],
)
def test_nothing_is_made_twice(stack: Stack, victim: str, count: int, moments: tuple[int, ...]) -> None:
    adopted: set[str] = set()
    for resources in moments:
        adopted |= set(kill_with_answers_under_way(stack, victim, resources))
        stack.mend()
    stack.pulumi("up", "--yes", "--skip-preview")
    made = prefixes(stack)
    assert [key for key, number in made.items() if number > 1] == []
    assert made.total() == count
    assert adopted <= set(stack.in_azure())
    assert stack.lost() == []
    stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
