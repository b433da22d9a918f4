"""evaluate: the model artifact and the test rows -> metrics.json."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ml.steps.artifacts import read_artifact
from ml.steps.errors import exit_code
from ml.steps.evaluate import METRICS
from ml.steps.evaluate.evaluation import evaluate
from ml.steps.files import TEST, read_table, write_json
from ml.steps.tracking import Metric, log


def run(model: Path, validated: Path, evaluation: Path) -> None:
    result = evaluate(read_artifact(model), read_table(validated / TEST))
    write_json(result.to_json(), evaluation / METRICS)
    print(f"{result.test_rows} test rows (sha256 {result.test_sha256[:12]})")
    for name, value in result.metrics.items():
        print(f"{name}: {value:.5f}")
    shares = {"outlier_share": result.outlier_share, "positive_share": result.positive_share}
    measured = [Metric(name, value) for name, value in {**result.metrics, **shares}.items()]
    log({"test_rows": result.test_rows, "test_sha256": result.test_sha256}, measured)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--validated", type=Path, required=True)
    parser.add_argument("--evaluation", type=Path, required=True)
    given = parser.parse_args(arguments)
    return exit_code("evaluate", lambda: run(given.model, given.validated, given.evaluation))


if __name__ == "__main__":
    sys.exit(main())
