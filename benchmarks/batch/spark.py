"""Our batch in local Spark, as a whole job: `python -m benchmarks.batch.spark MODEL ROWS EXECUTORS KEY`.

Executors are processes of one core each, as on a cluster; the driver is one more. What is installed for it is
that of tools/bootstrap/spark.py (Java 17).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from benchmarks.scoring.cache import ROOT
from ml.jobs.closure import files_of

MEMORY_MB = 1024
PROGRAM = "ml/batch/spark/main.py"
ANSWER = "answer.json"


def main() -> int:
    model, rows, executors, key = sys.argv[1:]
    made = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "bootstrap" / "spark.py")], stdout=subprocess.PIPE, text=True
    )
    if made.returncode:
        return made.returncode
    home = Path(made.stdout.strip())
    with tempfile.TemporaryDirectory() as folder:
        code, output = Path(folder) / "code.zip", Path(folder) / "out"
        with zipfile.ZipFile(code, "w") as archive:
            for name in files_of(ROOT, ("ml.batch.spark.main",)):
                archive.write(ROOT / name, name)
        began = time.perf_counter()
        run = subprocess.run(
            [
                str(home / "bin" / "spark-submit"),
                *("--master", f"local-cluster[{executors},1,{MEMORY_MB}]"),
                *("--conf", f"spark.executor.memory={MEMORY_MB}m", "--conf", "spark.ui.enabled=false"),
                *("--conf", "spark.log.level=WARN", "--py-files", str(code), str(ROOT / PROGRAM)),
                *("--model", model, "--model-name", "benchmark:1", "--data", rows, "--output", str(output)),
                *("--key", key, "--answer", ANSWER),
            ],
            env={
                **os.environ,
                "PYSPARK_PYTHON": str(home / "bin" / "python"),
                "SPARK_LOCAL_IP": "127.0.0.1",
                "SPARK_HOME": str(next(home.glob("lib/python*/site-packages/pyspark"))),
            },
            stdout=subprocess.DEVNULL,
        )
        taken = time.perf_counter() - began
        if run.returncode:
            return run.returncode
        record = json.loads((output / ANSWER).read_text())
    print(json.dumps({"rows": record["rows"], "seconds": taken, "by": record["evaluator"]["name"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
