"""What `mlops train` takes as the reason of a run is checked before anything is asked of the stack."""

import json

import pytest
from typer.testing import CliRunner

from ml.published.reason import Reason
from ml.terminal import preflight
from ml.terminal.subjects import app


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--started-by", "robot"], "'robot': expected one of person, schedule, data, metric"),
        (["--started-by", "schedule"], "expected the id of what started it"),
        (["--event", "e-1"], "event is 'e-1' for a start by person: expected none"),
        (["--reason", " "], "the reason is empty"),
        (["--reason", "x" * 201], "201 characters, at most 200"),
    ],
)
def test_a_reason_that_cannot_be_recorded_is_refused(options: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["train", "--env", "no-such-stack", "--json", *options])
    assert done.exit_code == 1
    problem = json.loads(done.stdout)["error"]["problem"]
    assert problem.startswith("--started-by, --reason and --event say no reason") and said in problem


def test_without_words_somebody_started_it_by_hand() -> None:
    assert preflight.started("person", None, None) == Reason("person", "started by hand")
    assert preflight.started("schedule", "monthly", "run-7") == Reason("schedule", "monthly", "run-7")
