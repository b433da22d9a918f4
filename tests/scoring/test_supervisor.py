"""What the supervisor does before and beside its workers' work."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scoring import cores, worker
from scoring.settings import MOST_WORKERS, SettingsError, read
from tests.scoring.conftest import free_port
from tests.scoring.test_process import ROOT

ANYONE = {"SCORING_ALLOW_ANONYMOUS": "true"}
MISSING = ((os, "sched_getaffinity"), (os, "memfd_create"), (signal, "sigtimedwait"))
TELL_KEY = "import os, sys; open(sys.argv[1], 'a').write(os.environ['SCORING_HASH_KEY'] + '\\n'); sys.exit(1)"


@pytest.mark.parametrize(("where", "name"), MISSING, ids=[name for _, name in MISSING])
def test_a_system_that_lacks_a_call_serves_with_one_worker(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str
) -> None:
    monkeypatch.delattr(where, name)
    assert cores.available() == 1
    assert read(ANYONE).workers == 1
    with pytest.raises(SettingsError, match="SCORING_WORKERS is 2: expected a value from 1 to 1"):
        read(ANYONE | {"SCORING_WORKERS": "2"})


@pytest.mark.parametrize("text", ["2", "auto", "0,2,3,4", "0,2,3,4,x"])
def test_the_supervisors_variable_set_by_hand_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match=r"SCORING_WORKER is .*SCORING_WORKERS"):
        worker.place({"SCORING_WORKER": text})


SUPERVISE = """
import os, sys
{before}
from scoring import logs
from scoring.settings import Settings
from scoring.supervisor import Supervisor
logs.configure()
settings = Settings(host="127.0.0.1", port=int(sys.argv[1]), workers=2)
sys.exit(Supervisor(settings, os.environ, sys.argv[2:]).run())
"""


def supervisor(program: list[str], before: str = "", **environment: str) -> subprocess.Popen[str]:
    """A supervisor in a process of its own, since it waits for signals, with two workers of that program."""
    command = [sys.executable, "-c", SUPERVISE.replace("{before}", before), str(free_port()), *program]
    given = {**os.environ, **environment}
    return subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("given", [{}, {"SCORING_HASH_KEY": " "}], ids=["unset", "blank"])
def test_workers_hash_with_one_key(tmp_path: Path, given: dict[str, str]) -> None:
    told = tmp_path / "keys"
    with supervisor([sys.executable, "-c", TELL_KEY, str(told)], **given) as running:
        assert running.wait(20) == 1
    (key,) = set(told.read_text().split("\n")) - {""}
    assert len(key) == 64


def test_a_worker_that_cannot_be_started_is_named_and_tried_again(tmp_path: Path) -> None:
    with supervisor([str(tmp_path / "nowhere")]) as running:
        assert running.stdout is not None
        lines = (json.loads(line) for line in running.stdout)
        told = (line for line in lines if line["message"] == "a worker could not be started")
        first, second, third = (next(told) for _ in range(3))  # both, and one of them again
        assert (first["worker"], second["worker"]) == (0, 1)
        assert "no such file" in str(third["reason"]).lower()
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


HANGS = """
import os, signal, sys, time
from scoring import worker
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
place = worker.place(os.environ)
place.say_ready()
first = not os.path.exists(sys.argv[1])
if place.number == 0:
    open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
end = time.monotonic() + 60
while time.monotonic() < end:
    place.beat()
    time.sleep(0.02)
    if place.number == 0 and first:
        os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_a_stopped_worker_is_replaced(tmp_path: Path) -> None:
    told = tmp_path / "processes"
    quick = "import scoring.supervisor as s; s.LOOK_SECONDS, s.HUNG_LOOKS = 0.1, 8\n"
    with supervisor([sys.executable, "-c", HANGS, str(told)], before=quick) as running:
        assert running.stdout is not None
        lines = (json.loads(line) for line in running.stdout)
        hung = next(line for line in lines if line["message"] == "a worker does not get on and is ended")
        died = next(line for line in lines if line["message"] == "a worker has ended and will be replaced")
        assert (hung["worker"], died["worker"], died["exit_code"]) == (0, 0, -signal.SIGKILL)
        while len(told.read_text().split()) < 2:
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


NEVER_BEGINS = """
import os, signal, sys, time
from scoring import worker
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
place = worker.place(os.environ)
if place.number == 0 and not os.path.exists(sys.argv[1]):
    open(sys.argv[1], "w").close()
    time.sleep(60)
place.say_ready()
end = time.monotonic() + 60
while time.monotonic() < end:
    place.beat()
    time.sleep(0.02)
"""


def test_a_worker_that_never_begins_is_replaced_later_than_one_that_stops(tmp_path: Path) -> None:
    quick = "import scoring.supervisor as s; s.LOOK_SECONDS, s.HUNG_LOOKS, s.UNBORN_LOOKS = 0.02, 5, 60\n"
    program = [sys.executable, "-c", NEVER_BEGINS, str(tmp_path / "begun")]
    with supervisor(program, before=quick) as running:
        assert running.stdout is not None
        lines = (json.loads(line) for line in running.stdout)
        hung = next(line for line in lines if line["message"] == "a worker does not get on and is ended")
        died = next(line for line in lines if line["message"] == "a worker has ended and will be replaced")
        assert (hung["worker"], died["worker"], died["exit_code"]) == (0, 0, -signal.SIGKILL)
        assert died["seconds"] >= 60 * 0.02 - 0.1
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


def shared(workers: int) -> list[worker.Place]:
    memory = os.memfd_create("test")
    os.ftruncate(memory, worker.STATUS)
    return [worker.Place(number, workers, -1, memory, -1) for number in range(workers)]


def test_what_workers_say_of_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000_000_000
    monkeypatch.setattr("scoring.worker.time.monotonic_ns", lambda: now)
    first, second = places = shared(2)
    assert first.not_ready() == dict.fromkeys((0, 1), "is not ready yet")
    for place in places:
        place.beat()
        place.say_ready()
    assert first.not_ready() == second.not_ready() == {}
    now += 9_000_000_000
    second.beat()
    now += 3_000_000_000
    assert second.not_ready() == {0: "has not got on for 12 s"}
    first.say_failed(1)  # as the supervisor does
    first.beat()
    assert first.not_ready() == {1: "could not be started again"}
    second.say_ready()
    assert first.not_ready() == {}


def test_the_first_worker_names_the_model_of_all() -> None:
    first, second = shared(2)
    digests = ["sha256:" + digit * 64 for digit in "ab"]
    assert first.agree(digests[0]) == digests[0]
    assert second.agree(digests[1]) == second.agree(digests[0]) == first.agree(digests[1]) == digests[0]


def test_as_many_workers_as_may_be_have_their_place() -> None:
    places = shared(MOST_WORKERS)
    for place in places:
        place.beat()
        place.say_ready()
    places[0].agree("sha256:" + "f" * 64)
    assert places[-1].not_ready() == {}
    assert places[-1].agree("x") == "sha256:" + "f" * 64
