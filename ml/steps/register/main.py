"""register: a better model -> a new version of the registered model, and registration.json."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ml.steps.artifacts import read_artifact
from ml.steps.card import CARD
from ml.steps.compare import DECISION
from ml.steps.compare.override import decoded
from ml.steps.errors import exit_code
from ml.steps.evaluate import METRICS
from ml.steps.files import read_json, write_json
from ml.steps.prepare import UNKNOWN
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
    if lineage.data_sha256 == UNKNOWN:  # the card has what the step prepare has read
        told = read_json(card / CARD).get("lineage") or {}
        lineage = replace(lineage, data_sha256=str(told.get("data_sha256") or UNKNOWN))
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
    parser.add_argument("--started-by", default="person")
    parser.add_argument("--reason", default="unknown")
    parser.add_argument("--event", default="")
    given = parser.parse_args(arguments)
    lineage = Lineage(
        data_asset=decoded(given.data_asset),
        data_sha256=given.data_sha256,
        code_commit=given.code_commit,
        environment=given.environment,
        job=os.environ.get("AZUREML_RUN_ID", ""),
        pipeline_job=os.environ.get("AZUREML_ROOT_RUN_ID", ""),
        started_by=given.started_by,
        reason=decoded(given.reason),
        event=decoded(given.event),
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
