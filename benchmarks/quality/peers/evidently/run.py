"""evidently's own report (drift of all columns, quality of the data left out) over the same rows.

Runs in an environment of its own: nothing of the project is imported. Time is from
the files to the report; the part that reads them into a data frame is told beside it.
"""

import json
import resource
import sys
import time
import warnings
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds

warnings.filterwarnings("ignore")
NOT_FEATURES = {
    "request_id", "row", "key", "scored_at", "date", "outlier_score", "outlier", "model", "release",
    "replica", "batch", "default",
}  # fmt: skip


def main(folder: Path) -> None:
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    began, cpu = time.perf_counter(), time.process_time()
    rows = ds.dataset(folder / "answers", format="parquet", partitioning="hive", exclude_invalid_files=True)
    names = [name for name in rows.schema.names if name not in NOT_FEATURES]
    current = rows.to_table(columns=names).to_pandas()
    reference = pd.read_parquet(folder / "reference.parquet", columns=names)
    read = time.perf_counter() - began
    text = [name for name in names if current[name].dtype == object]
    definition = DataDefinition(
        numerical_columns=[name for name in names if name not in text], categorical_columns=text
    )
    Report([DataDriftPreset()]).run(
        Dataset.from_pandas(current, data_definition=definition),
        Dataset.from_pandas(reference, data_definition=definition),
    ).dict()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"rows": len(current), "seconds": seconds, "read_seconds": read}
    print(json.dumps({**told, "cpu_seconds": time.process_time() - cpu, "peak_mb": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
