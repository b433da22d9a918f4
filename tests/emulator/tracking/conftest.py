"""One running emulator for all files here, and MLflow's own clients in an environment of theirs."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.machinelearning import estate
from tests.emulator.pipelines.conftest import cache, lab
from tests.emulator.tracking import installed

__all__ = ["cache", "lab"]

Program = Callable[..., Any]
URI = f"azureml://{estate.REGION}.api.azureml.ms/mlflow/v1.0{estate.WORKSPACE}"
AROUND = """
import json, logging, os, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
import mlflow
from mlflow.exceptions import MlflowException
client = mlflow.MlflowClient()
def code(call):
    try:
        call()
    except MlflowException as error:
        return [error.error_code, str(error)]
    return None
answer = {}
"""


@pytest.fixture(scope="session")
def mlflow_python() -> Path:
    return installed.python()


@pytest.fixture
def program(lab: Any, mlflow_python: Path, tmp_path: Path) -> Program:
    """Runs lines that use ``mlflow`` and ``client``; what they put into ``answer``."""

    def run(lines: str, **variables: str) -> Any:
        file = tmp_path / "program.py"
        file.write_text(f"{AROUND}{textwrap.dedent(lines)}\nprint(json.dumps(answer))\n")
        environment = {
            **os.environ,
            "MLFLOW_TRACKING_URI": URI,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            **variables,
        }
        done = subprocess.run(
            [str(mlflow_python), str(file)], env=environment, capture_output=True, text=True, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.strip().splitlines()[-1])

    return run
