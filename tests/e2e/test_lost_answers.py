"""The engine or the provider is killed when Azure has answered creates of which the state knows nothing yet.

The victim is frozen while creates are in flight; Azure goes on and answers them; then the victim is killed.
After `pulumi cancel` and `pulumi up` each resource of the program is there once.
"""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from tests.e2e import killing
from tests.emulator.engine import Engine

pytestmark = pytest.mark.e2e

PROGRAM: Final = "many"
PROGRAMS: Final = Path(__file__).parents[1] / "emulator" / "programs"
LIMIT_S: Final = 60.0
QUIET_S: Final = 0.5  # for so long Azure makes nothing more: what was in flight is done
RUN: Final = (sys.executable, "-m", "emulator", "run", "--")
UP: Final = ("up", "--yes", "--skip-preview", "--non-interactive", "--color", "never")
LANGUAGE_HOST: Final = "pulumi-language-python"  # looks after its engine every five minutes only
SUFFIX: Final = re.compile(r"[0-9a-f]{8}$")  # what automatic naming adds


def is_engine(process: psutil.Process) -> bool:
    return process.name() == "pulumi"


def is_provider(process: psutil.Process) -> bool:
    return "emulator.provider" in process.cmdline()


VICTIMS: Final[dict[str, Callable[[psutil.Process], bool]]] = {
    "the engine": is_engine,
    "the provider": is_provider,
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path, PROGRAMS)
    engine.emulator("up")
    yield engine
    engine.emulator("down")


def in_azure(engine: Engine) -> list[str]:
    """The ids that programs make, not what comes with them."""
    database = f"file:{engine.folder / 'home' / 'emulator.db'}?mode=ro"
    with closing(sqlite3.connect(database, uri=True)) as store:
        ids = [row[0] for row in store.execute("SELECT id FROM resource ORDER BY sequence")]
    return [one for one in ids if "/resourceGroups/" in one and not one.endswith("Services/default")]


def in_state(engine: Engine) -> set[str]:
    """The ids that the stack's state file has, in lower case."""
    path = engine.folder / "home" / "pulumi" / "state" / ".pulumi" / "stacks" / PROGRAM / "test.json"
    latest: dict[str, Any] = json.loads(path.read_text())["checkpoint"].get("latest") or {}
    return {str(one.get("id", "")).lower() for one in latest.get("resources") or []}


def lost(engine: Engine) -> list[str]:
    """What Azure has made and the state does not know."""
    known = in_state(engine)
    return [one for one in in_azure(engine) if one.lower() not in known]


def start(engine: Engine, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [*RUN, "pulumi", "-C", str(engine.folder / PROGRAM), *UP],
            cwd=Path(__file__).parents[2],
            env=engine.environment,
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


def settled(engine: Engine) -> list[str]:
    """What is in Azure once nothing more comes."""
    before: list[str] = []
    while (now := in_azure(engine)) != before:
        before = now
        time.sleep(QUIET_S)
    return now


def kill_with_answers_under_way(engine: Engine, victim: str, resources: int) -> list[str]:
    """Start `up`, kill the victim once so many resources are there; the ids that the state never learnt."""
    log = engine.folder / "up.log"
    client = start(engine, log)

    def family() -> killing.Processes:
        return killing.family(psutil.Process(client.pid))

    def enough() -> bool:
        return len(in_azure(engine)) >= resources or client.poll() is not None

    while True:
        until(enough, log)
        assert client.poll() is None, f"up ended before it was killed:\n{log.read_text()[-3000:]}"
        [process] = [one for one in family() if VICTIMS[victim](one)][:1]
        process.send_signal(signal.SIGSTOP)
        settled(engine)
        if found := lost(engine):
            break
        process.send_signal(signal.SIGCONT)  # it had just heard of all of them
        resources = len(in_azure(engine)) + 2
    rest = family()
    hosts = [one for one in rest if LANGUAGE_HOST in one.cmdline()[0]]
    process.kill()
    assert killing.named(killing.left(lambda: [one for one in rest if one not in hosts])) == []
    killing.kill(hosts)
    assert client.wait(LIMIT_S) != 0
    return found


def prefixes(engine: Engine) -> Counter[tuple[str, str]]:
    """How many there are of each type and name in the program."""
    return Counter(
        (kind, SUFFIX.sub("", name)) for kind, name in (one.rsplit("/", 2)[1:] for one in in_azure(engine))
    )


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize(
    ("count", "moments"),
    [
        pytest.param(32, (12,), id="short"),
        pytest.param(200, (8, 40, 80, 120), id="long", marks=pytest.mark.slow),
    ],
)
def test_nothing_is_made_twice(engine: Engine, victim: str, count: int, moments: tuple[int, ...]) -> None:
    engine.pulumi(
        PROGRAM,
        "config",
        "set-all",
        "--plaintext=azure-native:location=westeurope",
        f"--plaintext=count={count}",
    )
    adopted: set[str] = set()
    for resources in moments:
        adopted |= set(kill_with_answers_under_way(engine, victim, resources))
        engine.pulumi(PROGRAM, "cancel", "--yes")
    engine.up(program=PROGRAM)
    made = prefixes(engine)
    assert [key for key, number in made.items() if number > 1] == []
    assert made.total() == count
    assert adopted <= set(in_azure(engine))
    assert lost(engine) == []
    engine.up("--expect-no-changes", program=PROGRAM)
