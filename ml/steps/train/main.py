"""train: validated rows -> model artifact."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ml.steps import definition
from ml.steps.contract import SCHEMA
from ml.steps.errors import StepError, exit_code
from ml.steps.files import TEST, TRAIN, read_table
from ml.steps.registry import AzureRegistry, RegisteredModel, Registry
from ml.steps.tracking import log
from ml.steps.train.candidates import Parameters
from ml.steps.train.costs import FIGURES
from ml.steps.train.logged import metrics_of, params_of
from ml.steps.train.previous import Previous, previous
from ml.steps.train.settings import Settings
from ml.steps.train.space import OFFERED, SPACE, START, USUAL
from ml.steps.train.training import Trained, train

TRACKING = ("optional", "required")


def run(
    validated: Path,
    settings: Settings,
    model: Path,
    tracking: str,
    start_from: str | None = None,
    connect: Callable[[], Registry] = AzureRegistry,
) -> None:
    """start_from: NAME:VERSION of a registered model that one more candidate starts from."""
    definition.check()
    settings.check()
    began = time.perf_counter()
    start = None if start_from is None else registered(start_from, connect)
    trained = train(read_table(validated / TRAIN), read_table(validated / TEST), settings, start)
    trained.artifact.save(model)
    _tell(trained, time.perf_counter() - began)
    log(params_of(trained, settings), metrics_of(trained), required=tracking == "required")


def registered(reference: str, connect: Callable[[], Registry]) -> Previous:
    """A registered model as a beginning. Raises StepError, naming it, when it is none."""
    name, _, version = reference.partition(":")
    if not (name and version):
        raise StepError(f"start_from is {reference!r}: expected NAME:VERSION of a registered model")
    with tempfile.TemporaryDirectory(prefix="previous-") as directory:
        artifact = connect().download(RegisteredModel(name, version, {}, {}), Path(directory))
    return previous(reference, artifact, SCHEMA)


def _tell(trained: Trained, seconds: float) -> None:
    contest, artifact = trained.contest, trained.artifact
    for name, metrics in contest.metrics.items():
        shown = ", ".join(f"{metric} {value:.5f}" for metric, value in metrics.items())
        print(f"{name}, best of {contest.trials[name]} trials on selection rows: {shown}")
        costs = {figure: artifact.metrics[f"cost.{name}.{figure}"] for figure in FIGURES}
        print(
            f"  it took {costs['seconds']:.1f} s; {costs['bytes'] / 1024:.0f} KiB, "
            f"{costs['microseconds']:.2f} us a row"
        )
    print(f"selected by {artifact.lineage['selection']}: {contest.selected}")
    print(", ".join(f"{name} {value:.6g}" for name, value in contest.values[contest.selected].items()))
    for where, differences in trained.differences.items():
        shown = ", ".join(f"{output} {difference:.1e}" for output, difference in differences.items())
        print(f"the export differs from the trained model on {where} by at most: {shown}")
    thresholds = artifact.thresholds
    print(
        f"label 1 from probability {thresholds.decision:.4f}, an outlier above score {thresholds.outlier:.4f}"
    )
    print(f"{artifact.digest}, {len(artifact.composite) / 1024:.0f} KiB, {seconds:.1f} s")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="train", description=__doc__)
    parser.add_argument("--validated", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--trials", type=int, default=Parameters(0).trials)
    for dimension in SPACE:
        flag, kind = f"--{dimension.name.replace('_', '-')}", int if dimension.integer else float
        parser.add_argument(flag, type=kind, default=START[dimension.name])
    parser.add_argument("--candidates", default=",".join(USUAL), help=f"of {', '.join(OFFERED)}")
    parser.add_argument("--start-from", help="NAME:VERSION")
    parser.add_argument("--outlier-share", type=float, default=0.01)
    parser.add_argument("--false-negative-cost", type=float, default=5.0)
    parser.add_argument("--false-positive-cost", type=float, default=1.0)
    parser.add_argument("--tracking", choices=TRACKING, default="optional")
    parser.add_argument("--model", type=Path, required=True)
    given = parser.parse_args(arguments)
    boosting = {dimension.name: getattr(given, dimension.name) for dimension in SPACE}
    settings = Settings(
        Parameters(given.seed, given.trials, boosting, tuple(filter(None, given.candidates.split(",")))),
        given.outlier_share,
        given.false_negative_cost,
        given.false_positive_cost,
    )
    return exit_code(
        "train", lambda: run(given.validated, settings, given.model, given.tracking, given.start_from)
    )


if __name__ == "__main__":
    sys.exit(main())
