"""Which sections are measured, and what a failing one leaves."""

from pathlib import Path

import pytest

from benchmarks.scoring import in_process, model, own, run, tools
from benchmarks.scoring.__main__ import main
from benchmarks.scoring.model import Subject
from benchmarks.scoring.processes import ServerError
from benchmarks.scoring.results import Timing
from benchmarks.scoring.run import QUICK, Choice
from tests.benchmarks.samples import good


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The sections that were measured, by stand-ins that give round figures at once; telemetry fails."""
    calls: list[str] = []

    def fails(*_: object) -> None:
        raise ServerError("not ready after 90 s")

    def gives(name: str, value: object) -> object:
        def measure(*_: object) -> object:
            calls.append(name)
            return value

        return measure

    monkeypatch.setattr(model, "subject", lambda say: Subject(tmp_path))
    monkeypatch.setattr(tools, "load_generator", lambda say: tmp_path / "load")
    monkeypatch.setattr(in_process, "measure", gives("in-process", good().in_process))
    monkeypatch.setattr(own, "starts", gives("start", good().starts))
    monkeypatch.setattr(own, "soak", gives("soak", good().soak))
    monkeypatch.setattr(own, "telemetry", fails)
    return calls


def test_a_section_that_fails_leaves_the_others(measured: list[str]) -> None:
    found = run.run(Choice(frozenset({"in-process", "telemetry", "start"}), (), 0.0, QUICK), print)
    assert measured == ["in-process", "start"]
    assert (found.in_process, found.starts) == (good().in_process, good().starts)
    assert (found.telemetry, found.problems) == (None, {"telemetry": "not ready after 90 s"})


def test_exit_codes_tell_what_failed_and_what_was_missed(
    measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--quick", "--only", "telemetry"]) == 2
    assert main(["--quick", "--only", "start", "--soak", "3", "--strict"]) == 0
    assert measured == ["start", "soak"]
    slow = [Timing("ours", 1, 10, 51.0, 60.0)]
    monkeypatch.setattr(in_process, "measure", lambda *_: slow)
    assert main(["--quick", "--only", "in-process"]) == 0
    assert main(["--quick", "--only", "in-process", "--strict"]) == 1
