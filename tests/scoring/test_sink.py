"""The sink alone, in a process of its own: its import changes the environment and global providers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scoring.model.artifact import Artifact

ROOT = Path(__file__).parents[2]
COMMON = """
import json, sys, time
from pathlib import Path
import scoring.identity
scoring.identity.credential = lambda client_id: None
from opentelemetry import _logs, metrics, trace
from scoring.model import artifact
from scoring.telemetry import azuremonitor
from scoring.model.encode import Encoder
from scoring.telemetry.events import Privacy
from scoring.model.composite import Composite
from scoring.scorer import judge
from scoring.settings import read
from scoring.telemetry.moment import RequestRecord, counted
from scoring.telemetry.tracecontext import continued

connection = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:1"
settings = read({
    "MODEL_DIR": sys.argv[1], "SCORING_ALLOW_ANONYMOUS": "true",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": connection,
})
model = artifact.load(Path(sys.argv[1]))
sink = azuremonitor.AzureMonitor(settings, model, Privacy(frozenset(), frozenset(), b"k"))
"""
BROKEN_EVENTS = """
added = {}
for name, counter in sink._instruments._counters.items():
    counter.add = lambda number, name=name: added.update({name: number})
matrix = Encoder(model.schema, 100).encode(dict(model.samples.request))
batch = judge(Composite(model.composite, model.schema.width), model.thresholds, matrix)
trace_ = continued(None, "1" * 48)
record = RequestRecord("POST", "/score", 200, time.time_ns(), 1, "r", trace_, batch=batch)
def broken(*arguments):
    raise RuntimeError("broken")
sink._event = broken
sink.requests(counted([record, record]))
try:
    sink.drained()
except RuntimeError as error:
    print(json.dumps({"error": str(error), "added": added}))
"""
LEFT_OUT = """
added = {}
for name, counter in sink._instruments._counters.items():
    counter.add = lambda number, name=name: added.update({name: added.get(name, 0) + number})
matrix = Encoder(model.schema, 100).encode(dict(model.samples.request))
batch = judge(Composite(model.composite, model.schema.width), model.thresholds, matrix)
def moment(count, route="/score", status=200, rows=batch):
    trace_ = continued(None, "1" * 48)
    made = [RequestRecord("POST", route, status, time.time_ns(), 1, "r", trace_, batch=rows)] * count
    return counted(made)
wanted = sink.wanted()
kept, counts_only = moment(3), moment(7)
probes, failures = moment(5, "/healthz", rows=None), moment(2, status=503, rows=None)
for one in (counts_only, probes, failures):
    one.records = []
for one in (kept, counts_only, probes, failures):
    sink.requests(one)
events = []
sink._event = lambda name, properties, context: events.append(name)
sink.drained()
print(json.dumps({"wanted": wanted, "events": len(events), "added": added}))
"""
FLUSHES = """
import threading
calls, never = [], threading.Event()
def flush_of(name, wait):
    def flush(milliseconds):
        calls.append([name, milliseconds])
        wait()
    return flush
metrics.get_meter_provider().force_flush = flush_of("metrics", lambda: None)
_logs.get_logger_provider().force_flush = flush_of("events", never.wait)
trace.get_tracer_provider().force_flush = flush_of("traces", never.wait)
sink.close(0.2)
print(json.dumps(calls), flush=True)
"""


def said(code: str, model_dir: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", COMMON + code, str(model_dir)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.e2e
def test_what_was_counted_is_passed_on_although_an_event_cannot_be_made(
    model_dir: Path, artifact: Artifact
) -> None:
    found = json.loads(said(BROKEN_EVENTS, model_dir))
    assert found["error"] == "broken"
    assert found["added"]["rows"] == 2 * len(artifact.samples.predictions)
    assert found["added"]["thinned"] == 2


@pytest.mark.e2e
def test_requests_without_records_are_in_the_metrics_and_counted_as_untold(
    model_dir: Path, artifact: Artifact
) -> None:
    found = json.loads(said(LEFT_OUT, model_dir))
    assert found["events"] == 3
    assert found["added"]["thinned"] == 7
    assert found["added"]["untraced"] == 7 + 2  # probes are not traced anyway
    assert found["added"]["rows"] == 10 * len(artifact.samples.predictions)
    assert found["wanted"] >= 2 * 50 * 50  # two seconds' worth of events


@pytest.mark.e2e
def test_metrics_are_flushed_first_and_what_never_ends_is_not_waited_for(model_dir: Path) -> None:
    """The process itself ends too, with those flushes still on their way."""
    calls = json.loads(said(FLUSHES, model_dir))
    assert calls == [["metrics", 200], ["events", 200], ["traces", 200]]
