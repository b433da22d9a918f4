"""What of a training goes to MLflow: its settings and choices, and every trial's metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from ml.steps.tracking import Metric
from ml.steps.train.settings import Settings
from ml.steps.train.training import Trained


def params_of(trained: Trained, settings: Settings) -> dict[str, object]:
    """The settings, which candidate won, and the values that were found for each: `CANDIDATE.NAME`."""
    given = asdict(settings)
    parameters = given.pop("parameters")
    contest = trained.contest
    return {
        "seed": parameters["seed"],
        "trials": parameters["trials"],
        **given,
        "selected": contest.selected,
        **{
            f"{candidate}.{name}": f"{value:.6g}"
            for candidate, values in contest.values.items()
            for name, value in values.items()
        },
    }


def metrics_of(trained: Trained) -> Iterator[Metric]:
    """Those of the artifact (`selection.CANDIDATE.METRIC`, `export.difference.OUTPUT`), then values and
    metrics of each trial (`tuning.CANDIDATE.NAME`), whose step is the trial's number."""
    for name, value in trained.artifact.metrics.items():
        yield Metric(name, value)
    for candidate, trials in trained.contest.history.items():
        for step, trial in enumerate(trials):
            for name, value in {**trial.values, **trial.metrics}.items():
                yield Metric(f"tuning.{candidate}.{name}", float(value), step)
