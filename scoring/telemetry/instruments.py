"""The service's metrics, which count every request. Used by one thread."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from opentelemetry import metrics

from scoring.model.drift import DriftReport
from scoring.model.evaluator import Name
from scoring.telemetry.classes import REQUESTS
from scoring.telemetry.comparison import Comparison
from scoring.telemetry.durations import Durations, attributes
from scoring.telemetry.moment import Kind, Moment

COUNTERS: Final = {  # by the name in the code: the metric's name, unit and description
    "rows": ("scoring.rows", "{row}", "scored rows"),
    "positives": ("scoring.rows.positive", "{row}", "rows with label 1"),
    "outliers": ("scoring.rows.outlier", "{row}", "rows flagged as outliers"),
    "machine": ("scoring.rows.machine_code", "{row}", "rows that machine code evaluated"),
    "reference": ("scoring.rows.onnx_runtime", "{row}", "rows that ONNX Runtime evaluated in its place"),
    "thinned": ("scoring.telemetry.thinned", "{request}", "requests in no event: there were too many"),
    "untraced": ("scoring.telemetry.untraced", "{request}", "requests without a trace: there were too many"),
    "lost": ("scoring.telemetry.lost", "{record}", "records that were not sent"),
    "failed": ("scoring.telemetry.failed", "{export}", "exports that failed"),
    "turned_away": ("scoring.connections.refused", "{connection}", "connections beyond those that are taken"),
    "kept": ("scoring.kept.rows", "{row}", "answered rows that were written to the data lake"),
    "fleet_loaded": ("scoring.fleet.loaded", "{model}", "members' models that were read into memory"),
    "fleet_left": ("scoring.fleet.evicted", "{model}", "members' models that left memory for others"),
    "fleet_bytes": ("scoring.fleet.loaded.bytes", "By", "bytes of the models that were read"),
    "fleet_bytes_left": ("scoring.fleet.evicted.bytes", "By", "bytes of the models that left"),
    "fleet_fallback": (
        "scoring.fleet.fallback",
        "{request}",
        "requests for a member, answered by the pooled one",
    ),
    "exhausted": ("scoring.descriptors.exhausted", "{look}", "looks, one a second, that found none left"),
}
EVALUATED: Final[dict[Name, str]] = {"machine code": "machine", "ONNX Runtime": "reference"}
KEPT_LOST: Final = "scoring.kept.lost"
REASONS: Final = {  # of answered rows that were not kept, by the name in the code
    "kept_lost_full": "full",  # too many waited: the data lake did not take them fast enough
    "kept_lost_refused": "refused",
    "kept_lost_unsent": "unsent",  # the process ended before the data lake took them
    "kept_lost_broken": "broken",  # an error of the service itself; the log has it
}
ALWAYS: Final = "failed"  # passed on when it is 0, too, so that each interval has an export


class Instruments:
    def __init__(self, durations: Durations, scope: str, evaluator: Name) -> None:
        self._evaluated = EVALUATED[evaluator]
        meter = metrics.get_meter(scope)
        self._requests = meter.create_counter(REQUESTS, "{request}", "answered requests")
        self._counters = {
            name: meter.create_counter(metric, unit, description)
            for name, (metric, unit, description) in COUNTERS.items()
        }
        self._kept_lost = meter.create_counter(
            KEPT_LOST, "{row}", "answered rows that were not kept, by reason"
        )
        self._durations = durations
        self._comparison = Comparison(scope)
        self._nanoseconds: defaultdict[Kind, list[int]] = defaultdict(list)
        self._counted: dict[str, int] = dict.fromkeys((*COUNTERS, *REASONS), 0)
        self._psi = meter.create_gauge("scoring.drift.psi", "1", "population stability index of a feature")
        self._drifted = meter.create_gauge(
            "scoring.drift.features", "{feature}", "features that have drifted"
        )
        self._window = meter.create_gauge("scoring.drift.window", "{row}", "rows of the evaluated window")

    def requests(self, moment: Moment) -> None:
        self._nanoseconds[moment.kind].extend(moment.durations_ns)
        self._comparison.add(moment)
        self.count("rows", moment.rows)
        self.count(self._evaluated, moment.rows)
        self.count("positives", moment.positives)
        self.count("outliers", moment.outliers)

    def count(self, name: str, number: int) -> None:
        """`name`: one of COUNTERS or of REASONS."""
        self._counted[name] += number

    def drift(self, report: DriftReport) -> None:
        self._window.set(report.rows)
        if report.features:
            self._drifted.set(len(report.drifted))
            for feature in report.features:
                self._psi.set(feature.psi, {"feature": feature.name})

    def pass_on(self) -> None:
        """Give OpenTelemetry what was counted, once for a moment: once for each request would cost more."""
        self._comparison.pass_on()
        found, self._nanoseconds = self._nanoseconds, defaultdict(list)
        for kind, nanoseconds in found.items():
            self._durations.add(kind, [value / 1e6 for value in nanoseconds])
            self._requests.add(len(nanoseconds), attributes(kind))
        counted, self._counted = self._counted, dict.fromkeys((*COUNTERS, *REASONS), 0)
        for name, number in counted.items():
            if name in REASONS:
                if number:
                    self._kept_lost.add(number, {"reason": REASONS[name]})
            elif number or name == ALWAYS:
                self._counters[name].add(number)
