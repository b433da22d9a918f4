#!/usr/bin/env bash
# datasketches 5.2.0.
# Expected: a sketch of integers refuses fractions, numbers that are too large and NaN, as its `update` does
# when it is given one number.
# Seen: given an array it takes them all. Latencies of 0.9, 1.9 and 2.9 become 0, 1 and 2, 3,000,000,000
# becomes -1294967296, and a gap becomes the smallest integer, which is then the minimum of the sketch and
# of each one that it is merged into. Nothing is said. All three sketches of integers do it; those of floats
# and doubles leave NaN out.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datasketches==5.2.0 numpy==2.4.6
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
from datasketches import kll_doubles_sketch, kll_ints_sketch, quantiles_ints_sketch, req_ints_sketch

GIVEN = {"fractions": [0.9, 1.9, 2.9], "too large": [3_000_000_000], "a gap": [5.0, float("nan")]}
SKETCHES = (kll_ints_sketch, quantiles_ints_sketch, req_ints_sketch)
seen = []
for sketch in SKETCHES:
    for name, values in GIVEN.items():
        alone, together = sketch(128 if sketch is quantiles_ints_sketch else 12), sketch(128)
        try:
            alone.update(values[-1])
            one = "taken"
        except TypeError:
            one = "refused"
        together.update(np.array(values))
        seen.append((one, together.n, together.get_min_value(), together.get_max_value()))
        print(f"{sketch.__name__}, {name}: one {one}; as an array {seen[-1][1:]} (number, smallest, largest)")
doubles = kll_doubles_sketch(128)
doubles.update(np.array(GIVEN["a gap"]))
print("kll_doubles_sketch, a gap:", doubles.n, doubles.get_min_value())
expected = [("refused", 3, 0, 2), ("refused", 1, -1294967296, -1294967296), ("refused", 2, -(2**31), 5)]
if seen != expected * 3 or (doubles.n, doubles.get_min_value()) != (1, 5.0):
    raise SystemExit("The behaviour has changed.")
PY
