"""What evaluates trees, on our graph: libraries and our machine code by turns, in their own environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import orjson

from benchmarks.scoring import tools
from benchmarks.scoring.cache import ROOT, BenchmarkError
from benchmarks.scoring.model import Subject
from benchmarks.scoring.results import Compiler
from benchmarks.scoring.tools import PEERS, Say
from scoring.model import artifact as artifacts
from scoring.model.encode import Encoder
from scoring.model.machine import DESCRIPTION, LIBRARY, MODULE

ROWS = 4_096


def measure(subject: Subject, seconds: float, say: Say) -> list[Compiler]:
    """Raises BenchmarkError when the environment cannot be made or the measuring fails."""
    python = tools.environment("compilers", say)
    artifact = artifacts.load(subject.artifact)
    records = orjson.loads(subject.many_rows())["records"]
    matrix = Encoder(artifact.schema, len(records)).encode({"records": records})
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        np.save(folder / "rows.npy", np.tile(matrix, (ROWS // len(matrix) + 1, 1))[:ROWS])
        spec = find_spec(MODULE)
        if spec is not None and spec.origin is not None:
            for name in (LIBRARY, DESCRIPTION):  # alone, not with all that is installed beside it
                shutil.copy(Path(spec.origin).with_name(name), folder / name)
        say("what evaluates trees: compiling with each library, then by turns")
        model = str(subject.artifact / artifacts.COMPOSITE)
        program = PEERS / "compilers" / "measure.py"
        done = subprocess.run(
            [str(python), str(program), model, str(folder / "rows.npy"), str(seconds)],
            cwd=folder,
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": os.pathsep.join([str(ROOT), scratch]),
            },
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise BenchmarkError(f"{program.name} ended with {done.returncode}: {done.stderr.strip()[-1000:]}")
    return [Compiler(**one) for one in json.loads(done.stdout.splitlines()[-1])]
