"""NannyML's own estimate of quality (CBPE) and univariate drift over the same rows, in chunks as it advises.

Runs in an environment of its own: nothing of the project is imported. Time is from the files to the
results; the part that reads them into a data frame is told beside it.
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
    import nannyml

    nannyml.disable_usage_logging()
    began, cpu = time.perf_counter(), time.process_time()
    rows = ds.dataset(folder / "answers", format="parquet", partitioning="hive", exclude_invalid_files=True)
    names = [name for name in rows.schema.names if name not in NOT_FEATURES]
    current = rows.to_table(columns=names).to_pandas()
    reference = pd.read_parquet(folder / "reference.parquet", columns=[*names, "default"])
    read = time.perf_counter() - began
    features = [name for name in names if name not in ("probability", "label")]
    text = [name for name in features if current[name].dtype == object]
    drift = nannyml.UnivariateDriftCalculator(
        column_names=features,
        treat_as_categorical=text,
        continuous_methods=["kolmogorov_smirnov"],
        categorical_methods=["chi2"],
        chunk_number=6,
    )
    drift.fit(reference)
    drift.calculate(current)
    estimator = nannyml.CBPE(
        y_pred_proba="probability",
        y_pred="label",
        y_true="default",
        problem_type="classification_binary",
        metrics=["roc_auc"],
        chunk_number=6,
    )
    estimator.fit(reference)
    estimator.estimate(current)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"rows": len(current), "seconds": seconds, "read_seconds": read}
    print(json.dumps({**told, "cpu_seconds": time.process_time() - cpu, "peak_mb": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
