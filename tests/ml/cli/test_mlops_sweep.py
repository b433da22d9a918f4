"""`mlops sweep`: the job that it makes, what it makes of the trials, how the best values are taken over."""

import tomllib
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ml import settings
from ml.azure.runs import TrackedRun
from ml.commands import sweep as command
from ml.errors import MlopsError
from ml.jobs import sweep
from ml.jobs.pipeline import Plan
from ml.steps.train.space import SPACE, Dimension
from ml.steps.train.tuning import search as tune
from tests.ml.cli.test_mlops_pipeline import body, plan

__all__ = ["plan"]
NAMES = {dimension.name for dimension in SPACE}


def test_the_rows_are_prepared_once_and_the_train_step_is_swept(plan: Plan) -> None:
    body = sweep.assemble(replace(plan, trials=5), at_once=9)._to_dict()
    jobs = body["jobs"]
    assert tuple(jobs) == sweep.STEPS
    swept = jobs["train"]
    assert swept["type"] == "sweep"
    assert swept["objective"] == {"goal": "minimize", "primary_metric": sweep.METRIC}
    assert set(swept["search_space"]) == NAMES
    assert swept["limits"]["max_total_trials"] == 5
    assert swept["limits"]["max_concurrent_trials"] == 5
    assert swept["limits"]["timeout"] == swept["limits"]["trial_timeout"] == 600
    assert str(swept["inputs"]["trials"]) == "1"
    assert (
        swept["inputs"]["candidates"] == "hist_gradient_boosting"
    )  # whose space it is; others are not fitted
    assert swept["inputs"]["tracking"] == "required"
    assert str(swept["inputs"]["seed"]) == "7"
    assert swept["sampling_algorithm"] == {"type": "random", "seed": 7}
    who = [body["identity"], jobs["prepare"]["identity"], jobs["validate"]["identity"]]
    assert [each["client_id"] for each in who] == ["client"] * 3


@pytest.mark.parametrize("force", [False, True])
def test_a_step_runs_again_when_that_is_forced_and_only_then(plan: Plan, force: bool) -> None:
    assert sweep.assemble(plan, force=force)._to_dict()["settings"]["force_rerun"] is force


def test_the_search_space_is_that_of_the_steps_own_search() -> None:
    import math

    found = sweep.space()
    for dimension in SPACE:
        expression = found[dimension.name]
        if dimension.integer:
            assert (min(expression.values), max(expression.values)) == (dimension.low, dimension.high)
            assert all(isinstance(value, int) for value in expression.values)
        elif dimension.log:
            assert math.isclose(math.exp(expression.min_value), dimension.low)
            assert math.isclose(math.exp(expression.max_value), dimension.high)
        else:
            assert (expression.min_value, expression.max_value) == (dimension.low, dimension.high)


@given(st.integers(1, 500), st.integers(1, 500), st.booleans())
def test_whole_numbers_cover_their_range(low: int, width: int, log: bool) -> None:
    found = sweep.whole_numbers(Dimension("n", low, low + width, log=log, integer=True))
    assert found == sorted(set(found))
    assert (found[0], found[-1]) == (low, low + width)
    assert len(found) <= sweep.MOST_CHOICES if log else len(found) == width + 1


class Runs:
    def __init__(self, azure: Any) -> None:
        pass

    def tracked(self, job: str) -> TrackedRun:
        number = int(job.rsplit("_", 1)[1])
        params = {f"hist_gradient_boosting.{each.name}": str(each.low + number) for each in SPACE}
        return TrackedRun({sweep.METRIC: 0.5 - number / 10} if number < 2 else {}, params)


def azure(best: str | None = "s_1", status: str = "Completed") -> Any:
    def job(name: str, kind: str = "command", **properties: str) -> Any:
        return SimpleNamespace(name=name, type=kind, status=status, properties=properties)

    children = {"pipeline": ["a", "s"], "s": ["s_0", "s_1", "s_2"]}
    made = {"s": job("s", "sweep", **({"best_child_run_id": best} if best else {}))}
    jobs = SimpleNamespace(
        list=lambda parent_job_name: [job(name) for name in children[parent_job_name]],
        get=lambda name: made.get(name, job(name)),
    )
    return SimpleNamespace(ml=SimpleNamespace(jobs=jobs))


def test_the_trials_come_with_the_best_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.azure.runs.Runs", Runs)
    found = command.results(azure(), "pipeline")
    assert [trial["trial"] for trial in found["trials"]] == ["s_1", "s_0", "s_2"]
    assert found["best"]["value"] == pytest.approx(0.4)
    assert set(found["best"]["values"]) == NAMES
    assert all(isinstance(found["best"]["values"][each.name], int) for each in SPACE if each.integer)
    written = StringIO()
    answer = {"job": "pipeline", "status": "Completed", "reused": False, **found}
    Console(file=written, width=200).print(command.render(answer))
    assert "1 best" in written.getvalue()
    assert "put these in place of what stands under [tuning.start]" in written.getvalue()
    assert "\nlearning_rate = 1.02\nmax_iter = 41\n" in written.getvalue()


def printed_start(values: dict[str, float]) -> list[str]:
    """What a person takes from the screen: the lines of the table."""
    trial = {"trial": "s_0", "status": "Completed", "value": 0.4, "values": values}
    written = StringIO()
    answer = {"job": "p", "reused": False, "metric": "m", "goal": "minimize", "best": trial}
    Console(file=written, width=80).print(command.render({**answer, "trials": [trial]}))
    lines = [line.rstrip() for line in written.getvalue().splitlines()]
    return [line for line in lines if line.partition(" = ")[0] in NAMES or line.startswith("[")]


@given(st.data())
def test_what_is_printed_can_be_put_into_the_settings_as_they_are(data: st.DataObject) -> None:
    """In place of the table's own lines, also when an earlier sweep's best values stand there already."""
    best, earlier = (
        {
            each.name: data.draw(
                st.integers(int(each.low), int(each.high))
                if each.integer
                else st.floats(each.low, each.high).map(lambda value: float(f"{value:.6g}"))
            )
            for each in SPACE
        }
        for _ in range(2)
    )
    text = settings.FILE.read_text()
    for values in (earlier, best):
        tree = tomllib.loads(written_into(text, printed_start(values)))
        assert settings.checked(tree, settings.FILE).tuning.start.given() == values
        text = written_into(text, printed_start(values))


def written_into(text: str, lines: list[str]) -> str:
    """The settings with other lines under [tuning.start]."""
    before, _, rest = text.partition("[tuning.start]")
    rest = rest[rest.index("\n\n") :]
    return f"{before}[tuning.start]\n" + "\n".join(lines) + rest


@pytest.mark.parametrize("best", [None, "s_2", "s_9"])
def test_a_sweep_without_a_best_trial_is_an_error(monkeypatch: pytest.MonkeyPatch, best: str | None) -> None:
    monkeypatch.setattr("ml.azure.runs.Runs", Runs)
    with pytest.raises(MlopsError, match="names no best trial"):
        command.results(azure(best), "pipeline")


def test_what_is_written_into_the_settings_reaches_the_step(tmp_path: Path, plan: Plan) -> None:
    text = settings.FILE.read_text().replace(
        "[tuning.start]", "[tuning.start]\nlearning_rate = 0.05\nmax_iter = 41"
    )
    file = tmp_path / "settings.toml"
    file.write_text(text)
    start = settings.read_settings(file).tuning.start.given()
    assert start == {"learning_rate": 0.05, "max_iter": 41}
    inputs = body(replace(plan, start=start))["jobs"]["train"]["inputs"]
    assert (inputs["learning_rate"]["value"], inputs["max_iter"]["value"]) == ("0.05", "41")


def test_the_steps_own_search_begins_with_the_start() -> None:
    tried: list[float] = []
    space = (Dimension("x", 0.0, 1.0),)
    tune(lambda values: tried.append(values["x"]) or values["x"], {"x": 0.25}, space, 3, 1)
    assert tried[0] == 0.25
