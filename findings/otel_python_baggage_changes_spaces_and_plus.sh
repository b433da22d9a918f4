#!/usr/bin/env bash
# opentelemetry-api 1.45.2 of Python (with go.opentelemetry.io/otel 1.47.0 for Go, and the same in JavaScript).
# Expected: baggage is the same in each service that a request passes. W3C has its values percent-encoded: a
# space is %20, and + stands for itself, with no need to encode it.
# Seen: Python sends a space as +, as forms do, and reads + as a space. The model "credit risk" of a Python
# service is "credit+risk" in Go and JavaScript, and Go's time "2026-11-30T10:00:00+02:00" comes to Python with
# a space for the plus. No service logs anything; Python among itself is right, which is why tests do not
# show it. Keep to letters, digits, "-" and "_", or quote values before they are set.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-api==1.45.2
npm install --silent --no-audit --no-fund @opentelemetry/api@1.9.1 @opentelemetry/core@2.12.1
cat >main.go <<'GO'
// One line of standard input is a header; its value of "model" is printed, and then the header that Go sends for
// the second line as the value.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Scan()
	carrier := propagation.MapCarrier{"baggage": lines.Text()}
	found := propagation.Baggage{}.Extract(context.Background(), carrier)
	fmt.Println(baggage.FromContext(found).Member("model").Value())
	lines.Scan()
	member, err := baggage.NewMemberRaw("model", lines.Text())
	if err != nil {
		panic(err)
	}
	all, err := baggage.New(member)
	if err != nil {
		panic(err)
	}
	sent := propagation.MapCarrier{}
	propagation.Baggage{}.Inject(baggage.ContextWithBaggage(context.Background(), all), sent)
	fmt.Println(sent["baggage"])
}
GO
cat >read.mjs <<'JS'
import { defaultTextMapGetter, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { W3CBaggagePropagator } from '@opentelemetry/core';

const context = new W3CBaggagePropagator().extract(ROOT_CONTEXT, { baggage: process.argv[2] }, defaultTextMapGetter);
console.log(propagation.getBaggage(context).getEntry('model').value);
JS
go mod init seen 2>noise
go mod edit -require=go.opentelemetry.io/otel@v1.47.0
go mod tidy 2>noise || { cat noise >&2; exit 1; }
go build -o seen .
venv/bin/python - <<'PY'
import subprocess
from urllib.parse import unquote

from opentelemetry.baggage import get_baggage, set_baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator

PYTHON = W3CBaggagePropagator()
seen = []
for value in ("credit risk", "2026-11-30T10:00:00+02:00", "credit-risk"):
    carrier = {}
    PYTHON.inject(carrier, set_baggage("model", value))
    header = carrier["baggage"]
    answer = subprocess.run(["./seen"], input=f"{header}\n{value}\n", capture_output=True, text=True, check=True)
    in_go, sent_by_go = answer.stdout.splitlines()
    answer = subprocess.run(["node", "read.mjs", header], capture_output=True, text=True, check=True)
    in_python = get_baggage("model", PYTHON.extract({"baggage": sent_by_go}))
    round_trip = get_baggage("model", PYTHON.extract(carrier))
    seen.append([header, in_go, answer.stdout.strip(), sent_by_go, in_python, round_trip])
    print(f"{value}: Python sends {header}, Go reads {in_go}, JavaScript {answer.stdout.strip()}")
    print(f"    Go sends {sent_by_go}, Python reads {in_python}; Python's own: {round_trip}")
    # What Go sends is the value in the sense of W3C.
    if unquote(sent_by_go) != f"model={value}" or round_trip != value:
        raise SystemExit("The behaviour has changed.")
if seen[0][:3] != ["model=credit+risk", "credit+risk", "credit+risk"]:
    raise SystemExit("The behaviour has changed.")
if seen[1][4] != "2026-11-30T10:00:00 02:00" or seen[2][1:3] != ["credit-risk"] * 2:
    raise SystemExit("The behaviour has changed.")
PY
