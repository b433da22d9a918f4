"""The whole benchmark in its short form, with every server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.scoring.cache import ROOT
from benchmarks.scoring.servers import KINDS


@pytest.mark.e2e
@pytest.mark.slow
def test_the_quick_form_measures_everything(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    command = [sys.executable, "-m", "benchmarks.scoring", "--quick", "--soak", "3", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2_000:]
    found = json.loads(file.read_text())
    absent = {one["key"]: one["absent"] for one in found["served"] if one["absent"]}
    assert absent == {}
    assert {one["key"] for one in found["served"]} == {kind.key for kind in KINDS}
    for one in found["served"]:
        assert all(load["accepted"] > 0 and load["errors"] == 0 for load in one["loads"]), one
    assert [goal["key"] for goal in found["goals"] if goal["value"] is None] == []
    told = found["telemetry"]
    assert 0 < told["events"] < told["told"] <= told["requests"]  # events hold the rows of several requests
    assert told["traces"] > 0
    assert "Goals" in done.stdout
