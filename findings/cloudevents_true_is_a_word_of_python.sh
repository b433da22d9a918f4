#!/usr/bin/env bash
# cloudevents 2.2.0 for Python (cloudevents.core, the new interface).
# Expected: an event is the same event in binary and in structured mode. CloudEvents has types for attributes
# and one text for each: booleans are true and false in headers, bytes are base64.
# Seen: in binary mode, by HTTP and by Kafka, Python's own words are sent: an attribute True is "True", so a
# subscription to urgent = "true" gets nothing and says nothing, and bytes are the text b'...'. Data that is a
# list, which the type hints leave out and the class accepts, is sent as Python writes it, with single quotes
# under application/json: no reader of JSON takes it, and this library gives the text back. Structured mode has
# true and a list of JSON for the same event; numbers, times and objects are right in both. Set attributes to
# texts, and put lists into an object.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import datetime
import json

from cloudevents.core.bindings import http, kafka
from cloudevents.core.v1.event import CloudEvent

ABOUT = {
    "id": "1",
    "type": "drift.found",
    "source": "/models/credit",
    "specversion": "1.0",
    "datacontenttype": "application/json",
    "urgent": True,
    "rows": 5,
    "since": datetime.datetime(2026, 11, 30, 6, tzinfo=datetime.timezone.utc),
}


def as_json(body):
    try:
        return json.loads(body)
    except ValueError:
        return "no JSON"


seen = {}
for data in ([{"column": "income"}], {"column": "income"}):
    event = CloudEvent(ABOUT, data)
    by_http, by_kafka = http.to_binary_event(event), kafka.to_binary_event(event)
    structured = json.loads(http.to_structured_event(event).body)
    headers = [by_http.headers[f"ce-{name}"] for name in ("urgent", "rows", "since")]
    others = [by_kafka.headers[f"ce_{name}"].decode() for name in ("urgent", "rows", "since")]
    back = http.from_binary_event(by_http).get_data()
    seen[type(data)] = [as_json(by_http.body), as_json(by_kafka.value), back]
    print(f"{data}: binary {headers}, body {by_http.body!r}, read back {back!r}")
    print(f"    structured: urgent {structured['urgent']}, rows {structured['rows']}, data {structured['data']}")
    if headers != others or headers != ["True", "5", "2026-11-30T06:00:00Z"]:
        raise SystemExit("The behaviour has changed.")
    if structured["urgent"] is not True or structured["data"] != data:
        raise SystemExit("The behaviour has changed.")
digest = kafka.to_binary_event(CloudEvent({**ABOUT, "digest": b"ab"}, {})).headers["ce_digest"]
print(f"an attribute of bytes: {digest.decode()}")
if seen[dict] != [{"column": "income"}] * 3 or digest != b"b'ab'":
    raise SystemExit("The behaviour has changed.")
if seen[list] != ["no JSON", "no JSON", "[{'column': 'income'}]"]:
    raise SystemExit("The behaviour has changed.")
PY
