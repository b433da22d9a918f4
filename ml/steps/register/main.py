"""register: a better model -> a new version of the registered model, and registration.json."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from ml.steps.artifacts import read_artifact
from ml.steps.compare.main import DECISION
from ml.steps.errors import exit_code
from ml.steps.evaluate.main import METRICS
from ml.steps.files import read_json, write_json
from ml.steps.register.registration import Lineage, register
from ml.steps.registry import AzureRegistry, Registry

REGISTRATION = "registration.json"


def run(
    model: Path,
    evaluation: Path,
    decision: Path,
    card: Path,
    model_name: str,
    lineage: Lineage,
    registration: Path,
    connect: Callable[[], Registry] = AzureRegistry,
) -> None:
    result = register(
        connect(),
        read_artifact(model),
        read_json(evaluation / METRICS),
        read_json(decision / DECISION),
        model_name,
        lineage,
        card,
    )
    write_json(result.to_json(), registration / REGISTRATION)
    outcome = (
        f"registered {result.name}:{result.version}"
        if result.registered
        else f"{result.name}: not registered"
    )
    print(f"{outcome}: {result.reason}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="register", description=__doc__)
    for name in ("--model", "--evaluation", "--decision", "--card", "--registration"):
        parser.add_argument(name, type=Path, required=True)
    for name in ("--model-name", "--data-asset", "--data-sha256", "--code-commit", "--environment"):
        parser.add_argument(name, required=True)
    given = parser.parse_args(arguments)
    lineage = Lineage(
        data_asset=given.data_asset,
        data_sha256=given.data_sha256,
        code_commit=given.code_commit,
        environment=given.environment,
        job=os.environ.get("AZUREML_RUN_ID", ""),
        pipeline_job=os.environ.get("AZUREML_ROOT_RUN_ID", ""),
    )
    return exit_code(
        "register",
        lambda: run(
            given.model,
            given.evaluation,
            given.decision,
            given.card,
            given.model_name,
            lineage,
            given.registration,
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
