"""The model under test: trained by the pipeline's own steps, and the naive composite on the same rows."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pandas as pd

from benchmarks.scoring import naive
from benchmarks.scoring.cache import ROOT, BenchmarkError, digest, made
from benchmarks.scoring.naive import Table

DATA = ROOT / "data" / "credit_default.parquet"
BODIES = 1_000
NOT_FEATURES = ("id", "default")


@dataclass(frozen=True)
class Subject:
    """A folder with the artifact, the naive composite and requests of real test rows."""

    folder: Path

    @property
    def artifact(self) -> Path:
        return self.folder / "model"

    @property
    def naive(self) -> Path:
        return self.folder / "naive.joblib"

    @property
    def single(self) -> Path:
        """One request of one row a line."""
        return self.folder / "single.jsonl"

    def one_row(self) -> bytes:
        return self.single.read_bytes().split(b"\n", 1)[0]

    def many_rows(self) -> bytes:
        """One request of 1,000 rows."""
        rows = [orjson.loads(line)["records"][0] for line in self.single.read_bytes().splitlines()]
        return orjson.dumps({"records": rows})


def subject(say: Callable[[str], None]) -> Subject:
    """Trained when code or data have changed since the last time."""
    code = [*(ROOT / "ml" / "steps").rglob("*.py"), *(ROOT / "scoring").rglob("*.py")]
    settings = [ROOT / "ml" / "settings.toml", ROOT / "environments" / "requirements" / "training.txt"]
    own = [Path(__file__), Path(naive.__file__)]
    name = f"model-{digest([*code, *settings, *own, DATA])}"
    return Subject(made(name, _make, say, "training the model by the pipeline's steps: about a minute, once"))


def _make(folder: Path) -> None:
    training = tomllib.loads((ROOT / "ml" / "settings.toml").read_text())["training"]
    seed, fraction = str(training["seed"]), str(training["test_fraction"])
    prepared, validated = folder / "prepared", folder / "validated"
    _step("prepare", "--raw", DATA, "--test-fraction", fraction, "--prepared", prepared)
    _step("validate", "--prepared", prepared, "--validated", validated)
    _step("train", "--validated", validated, "--seed", seed, "--model", folder / "model")
    train: Table = pd.read_parquet(validated / "train.parquet")
    test: Table = pd.read_parquet(validated / "test.parquet")
    features = [str(name) for name in train.columns if name not in NOT_FEATURES]
    naive.save(naive.fit(train, features, training["seed"]), folder / "naive.joblib")
    records = test[features].sample(BODIES, random_state=training["seed"]).to_dict("records")
    lines = [orjson.dumps({"records": [record]}) for record in records]
    (folder / "single.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def _step(name: str, *arguments: str | Path) -> None:
    command = [sys.executable, "-m", f"ml.steps.{name}.main", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        last = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise BenchmarkError(f"the step {name} failed (exit code {done.returncode}):\n  {last}")
