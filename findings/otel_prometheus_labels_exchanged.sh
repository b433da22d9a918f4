#!/usr/bin/env bash
# opentelemetry-exporter-prometheus 0.66b2 (opentelemetry-sdk 1.45.2, prometheus_client 0.26.0).
# Expected: two libraries that count under one name, each with attributes of its own, are shown each with
# its own labels.
# Seen: both share the label names of whichever comes first, and the values of the second are put under them
# in order. A request of library two with status 500 is shown with the name of the library as its model and
# with 500 as the version of the scope; by status it is nowhere, so an alert on status="500" stays silent.
# The value that has no name left is dropped. Nothing is logged. The order of the meters decides who is
# right. Names that differ by library, or the same attributes always, are safe; so is OTLP.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-exporter-prometheus==0.66b2 \
    opentelemetry-sdk==1.45.2 prometheus_client==0.26.0
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import logging

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

records = []
handler = logging.Handler(logging.WARNING)
handler.emit = records.append
logging.getLogger().addHandler(handler)
ONE = {"method": "GET", "model": "credit", "status": "200"}
TWO = {"method": "GET", "status": "500"}


def scraped(*libraries):
    """The labels of each series that have a value, by the series' own value."""
    registry = CollectorRegistry()
    provider = MeterProvider(metric_readers=[PrometheusMetricReader(True, registry=registry)])
    for name, attributes, value in libraries:
        provider.get_meter(name).create_counter("requests").add(value, attributes)
    text = generate_latest(registry).decode()
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    provider.shutdown()
    return {each.value: {name: value for name, value in each.labels.items() if value} for each in samples}


FIRST, SECOND = ("library.one", ONE, 1), ("library.two", TWO, 2)
alone, both, turned = scraped(SECOND), scraped(FIRST, SECOND), scraped(SECOND, FIRST)
print("library two alone:", alone[2])
print("after library one:", both[2])
print("library one, after library two:", turned[1])
print("records of the log:", len(records))
if {alone[2].pop("otel_scope_name"), both[1].pop("otel_scope_name")} != {"library.one", "library.two"}:
    raise SystemExit("The behaviour has changed.")
if alone[2] != TWO or both[1] != ONE or records:
    raise SystemExit("The behaviour has changed.")
exchanged = {"method": "GET", "model": "library.two", "otel_scope_version": "500"}
if both[2] != exchanged or turned[1]["otel_scope_name"] != "credit" or "200" in turned[1].values():
    raise SystemExit("The behaviour has changed.")
PY
