#!/usr/bin/env bash
# ddsketch 3.0.1.
# Expected: NaN is refused, as infinity is, or left out.
# Seen: it is counted among the zeros. Of latencies of which a fifth could not be measured, the tenth percentile is 0,
# each quantile above is too low, and the sum is NaN from then on.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ddsketch==3.0.1
venv/bin/python - <<'PY'
from ddsketch import DDSketch

measured, gaps = DDSketch(0.01), DDSketch(0.01)
for i in range(1, 1001):
    measured.add(float(i))
    gaps.add(float(i) if i % 5 else float("nan"))
for name, sketch in (("all measured", measured), ("a fifth NaN", gaps)):
    low, middle = sketch.get_quantile_value(0.1), sketch.get_quantile_value(0.5)
    print(f"{name}: count {sketch.count:.0f}, p10 {low:.0f}, median {middle:.0f}, sum {sketch.sum}")
if gaps.get_quantile_value(0.1) != 0 or gaps.sum == gaps.sum or gaps.count != 1000:
    raise SystemExit("The behaviour has changed.")
PY
