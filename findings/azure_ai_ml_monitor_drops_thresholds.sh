#!/usr/bin/env bash
# azure-ai-ml 1.35.2.
# Expected: a drift signal that is given two limits for numbers (Jensen-Shannon distance and population
# stability index) watches both, or is refused; the same for a list of limits, which the type of
# `metric_thresholds` admits.
# Seen: of two metrics the first in the library's own order is sent and the other is not; of a list nothing
# at all is; a limit of 0 is sent as no metric and no limit. A monitor that has both (as the studio makes it)
# loses one when it is read, given another tag and written back. Nothing is logged. The quality signal sends
# all three.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2
venv/bin/python -W ignore - <<'PY'
import logging

from azure.ai.ml.entities import (
    DataDriftMetricThreshold,
    DataDriftSignal,
    DataQualityMetricsNumerical,
    DataQualityMetricThreshold,
    NumericalDriftMetrics,
)

records = []
handler = logging.Handler(logging.WARNING)
handler.emit = records.append
logging.getLogger().addHandler(handler)


def drift(**limits):
    return DataDriftMetricThreshold(numerical=NumericalDriftMetrics(**limits))


def sent(signal):
    rows = signal._to_rest_object().as_dict().get("metricThresholds", [])
    return [(row.get("metric"), row.get("threshold", {}).get("value")) for row in rows]


distance, index = drift(jensen_shannon_distance=0.1), drift(population_stability_index=0.2)
both = drift(jensen_shannon_distance=0.1, population_stability_index=0.2)
seen = {
    "both in one": sent(DataDriftSignal(metric_thresholds=both)),
    "a list of both": sent(DataDriftSignal(metric_thresholds=[distance, index])),
    "a limit of 0": sent(DataDriftSignal(metric_thresholds=drift(population_stability_index=0.0))),
}
stored = DataDriftSignal(metric_thresholds=distance)._to_rest_object()
stored.metric_thresholds = [*distance._to_rest_object(), *index._to_rest_object()]
limits = DataDriftMetricThreshold._from_rest_object(stored.metric_thresholds)
seen["both, read and written back"] = sent(DataDriftSignal(metric_thresholds=limits))
rates = DataQualityMetricsNumerical(null_value_rate=0.0, data_type_error_rate=0.1, out_of_bounds_rate=0.2)
quality = len(DataQualityMetricThreshold(numerical=rates)._to_rest_object())
for name, rows in seen.items():
    print(f"{name}: {rows}")
print("limits of the quality signal that are sent:", quality, "- warnings:", len(records))
first, second = ("jensenShannonDistance", 0.1), ("populationStabilityIndex", 0.2)
if list(seen.values()) != [[first], [], [(None, None)], [second]] or quality != 3 or records:
    raise SystemExit("The behaviour has changed.")
PY
