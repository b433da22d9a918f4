"""What the supervisor does before and beside its workers' work."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scoring import cores, worker
from scoring.settings import SettingsError, read
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
from scoring import logs
from scoring.settings import Settings
from scoring.supervisor import Supervisor
logs.configure()
settings = Settings(host="127.0.0.1", port=int(sys.argv[1]), workers=2)
sys.exit(Supervisor(settings, os.environ, sys.argv[2:]).run())
"""


def supervisor(program: list[str], **environment: str) -> subprocess.Popen[str]:
    """A supervisor in a process of its own, since it waits for signals, with two workers of that program."""
    command = [sys.executable, "-c", SUPERVISE, str(free_port()), *program]
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
