"""One session of Spark that answers the tests of this folder, one after another."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from ml.jobs.closure import files_of
from tests.e2e import killing
from tests.ml.batch.spark.submitted import ROOT, Spark, installed

PROGRAM = Path(__file__).with_name("answering.py")
MODULES = ("ml.features.spark.main", "ml.features.training")


@dataclass(frozen=True)
class Answering:
    """process: the driver of the session. log: what it and Spark say."""

    process: subprocess.Popen[str]
    log: Path

    def ask(self, **asked: Any) -> Any:
        """The answer, or the text of the error that it ended with."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{json.dumps(asked, default=str)}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("@"):
                told = json.loads(line[1:])
                return told["error"] if "error" in told else told["answer"]
        raise AssertionError(self.log.read_text()[-4000:])


@pytest.fixture(scope="session")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Generator[Answering]:
    folder = tmp_path_factory.mktemp("answering")
    code, log = folder / "code.zip", folder / "spark.log"
    with zipfile.ZipFile(code, "w") as archive:
        for name in files_of(ROOT, MODULES):
            archive.write(ROOT / name, name)
    spark = Spark(installed(), code)
    # The program itself is started, since spark-submit hands no standard input on to it.
    submitted = [
        *("--master", "local[2]", "--driver-memory", "1g"),
        *("--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2"),
        *("--py-files", str(code), "pyspark-shell"),
    ]
    environment = {
        **spark.environment(),
        "PYSPARK_SUBMIT_ARGS": " ".join(submitted),
        "PYTHONPATH": str(code),
    }
    with log.open("w") as said:
        running = subprocess.Popen(
            [spark.python, str(PROGRAM)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            cwd=folder,
        )
        try:
            yield Answering(running, log)
        finally:
            assert running.stdin is not None
            running.stdin.close()
            try:
                running.wait(60)
            except subprocess.TimeoutExpired:
                killing.kill(killing.family(psutil.Process(running.pid)))
                running.wait()
