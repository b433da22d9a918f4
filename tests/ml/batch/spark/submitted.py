"""Runs the program of the Spark engine as a cluster does: executors are processes with their own Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from ml.batch.spark.engine import Model
from ml.jobs.closure import files_of
from tests.e2e import killing

ROOT = Path(__file__).resolve().parents[4]
MAIN = "ml/batch/spark/main.py"
MEMORY_MB = 1024
LIMIT_S = 600.0  # beside nine other loads on two cores, three sessions have taken 406 s


@dataclass(frozen=True)
class Spark:
    """home: the folder of its environment. code: the zip of the project's modules that executors import."""

    home: Path
    code: Path

    @property
    def python(self) -> str:
        return str(self.home / "bin" / "python")

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYSPARK_PYTHON": self.python,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_HOME": str(next(self.home.glob("lib/python*/site-packages/pyspark"))),
            "PYTHONPATH": "",
        }

    def command(self, program: str | Path, executors: int, *arguments: str) -> list[str]:
        """executors: each a process with one core."""
        return [
            str(self.home / "bin" / "spark-submit"),
            *("--master", f"local-cluster[{executors},1,{MEMORY_MB}]"),
            *("--conf", f"spark.executor.memory={MEMORY_MB}m", "--conf", "spark.ui.enabled=false"),
            *("--conf", "spark.log.level=WARN"),
            *("--py-files", str(self.code), str(program), *arguments),
        ]

    def batch(
        self, model: Model, data: str, output: Path, executors: int, *more: str,
        watched: Callable[[subprocess.Popen[str]], None] = lambda _: None,
    ) -> Answer:  # fmt: skip
        """Score and publish; `watched` is called with the running driver."""
        given = [
            "--model",
            str(model.folder),
            "--model-name",
            model.name,
            "--model-digest",
            str(model.digest),
        ]
        given += ["--release", str(model.release), "--data", data, "--output", str(output), *more]
        answer = output / f"answer-{executors}.json"
        command = self.command(ROOT / MAIN, executors, *given, "--answer", answer.name)
        code, said = self.session(command, watched)
        record = json.loads(answer.read_text()) if answer.exists() else {}
        answer.unlink(missing_ok=True)
        return Answer(code, said, record)

    def session(
        self, command: list[str], watched: Callable[[subprocess.Popen[str]], None] = lambda _: None
    ) -> tuple[int, str]:
        """Run a driver: its exit code, and what it and Spark said.

        After LIMIT_S it is ended with its executors, and the test fails with what it had said. It is ended as
        well where ``watched`` fails: nobody would read what it says, and so it would not come to its end.
        """
        with tempfile.TemporaryFile("w+") as log:  # a pipe that nobody reads yet would stop it
            running = subprocess.Popen(command, env=self.environment(), stdout=log, stderr=log, text=True)
            late = False
            try:
                watched(running)
                running.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                late = True
            finally:
                if running.poll() is None:
                    killing.kill(killing.family(psutil.Process(running.pid)))
                    running.wait()
            log.seek(0)
            said = log.read()
        if late:
            pytest.fail(f"it had not ended within {LIMIT_S:.0f} s:\n{said[-4000:]}")
        return running.returncode, said


@dataclass(frozen=True)
class Answer:
    """said: by the driver and by Spark, on both streams, which spark-submit makes one."""

    code: int
    said: str
    written: dict[str, Any]

    @property
    def record(self) -> dict[str, Any]:
        assert self.code == 0, self.said[-4000:]
        return self.written


def installed() -> Path:
    """The folder of Spark's environment; made when need be."""
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "bootstrap" / "spark.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return Path(run.stdout.strip())


def packed(to: Path) -> Path:
    """The project's modules that the program needs, as the zip that is sent to executors."""
    with zipfile.ZipFile(to, "w") as archive:
        for name in files_of(ROOT, ("ml.batch.spark.main",)):
            archive.write(ROOT / name, name)
    return to
