"""The benchmark of the estate's program: what it refuses, and what it makes of its seconds."""

from pathlib import Path

import pytest
from rich.progress import Progress

from benchmarks.preview import __main__ as benchmark


def test_a_peer_without_an_environment_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        benchmark.main(["--peer", str(tmp_path)])
    assert ended.value.code == 2
    assert "run `make setup` there first" in capsys.readouterr().err


def test_no_rounds_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        benchmark.main(["--rounds", "0"])
    assert "--rounds 0: give 1 or more" in capsys.readouterr().err


def test_ratios_are_within_a_round_and_a_disturbed_round_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seconds = {"ours": iter((3.0, 8.0, 30.0)), "peer": iter((2.0, 4.0, 2.0))}

    def up_seconds(checkout: Path, home: Path) -> float:
        return next(seconds["peer" if checkout == tmp_path else "ours"])

    monkeypatch.setattr(benchmark, "up_seconds", up_seconds)
    ratio, ours = benchmark.ups(tmp_path, tmp_path, 3, Progress(disable=True))
    assert (ratio.value, ratio.met) == (2.0, False)
    assert (ours.value, ours.peer_value) == (8.0, 2.0)
