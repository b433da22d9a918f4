"""The sink alone, in a process of its own: its import changes the environment and global providers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scoring.artifact import Artifact

ROOT = Path(__file__).parents[2]
COMMON = """
import json, sys, time
from pathlib import Path
import scoring.identity
scoring.identity.credential = lambda client_id: None
from opentelemetry import _logs, metrics, trace
from scoring import artifact, azuremonitor
from scoring.encode import Encoder
from scoring.events import Privacy
from scoring.scorer import Composite, judge
from scoring.settings import read
from scoring.telemetry import RequestRecord
from scoring.tracecontext import continued

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
sink.requests([record, record])
try:
    sink.drained()
except RuntimeError as error:
    print(json.dumps({"error": str(error), "added": added}))
"""
FLUSHES = """
calls = []
def flush_of(name, seconds):
    def flush(milliseconds):
        calls.append([name, milliseconds])
        time.sleep(seconds)
    return flush
metrics.get_meter_provider().force_flush = flush_of("metrics", 0.3)
_logs.get_logger_provider().force_flush = flush_of("events", 0.9)
trace.get_tracer_provider().force_flush = flush_of("traces", 0.0)
sink.close(1.0)
print(json.dumps(calls), flush=True)
import os
os._exit(0)
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
def test_metrics_are_flushed_first_and_all_within_one_deadline(model_dir: Path) -> None:
    (first, all_), (second, rest) = json.loads(said(FLUSHES, model_dir))  # no time is left for traces
    assert (first, second) == ("metrics", "events")
    assert rest < all_ <= 1_000
