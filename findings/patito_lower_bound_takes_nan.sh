#!/usr/bin/env bash
# patito 0.8.6.
# Expected: a field with `ge=0` or `gt=0` refuses a row whose value is NaN, as a field with `le` or `lt` does
# and as pydantic, which patito builds on, does for all of the four: NaN is not greater than 0.
# Seen: NaN passes, for polars orders it above all numbers. Of a table with a NaN in each column the
# columns that have an upper bound are named, those that have a lower bound alone are taken: a price, a weight
# or a count that is no number is valid. Add `constraints=pt.field.is_not_nan()`.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check patito==0.8.6 polars==2.1.0 pydantic==2.14.4
venv/bin/python -W ignore - <<'PY'
import patito as pt
import polars as pl
import pydantic

BOUNDS = {"ge": 0, "gt": 0, "le": 1, "lt": 1}
refused = {}
for name, bound in BOUNDS.items():
    table = type("Table", (pt.Model,), {"__annotations__": {"x": float}, "x": pt.Field(**{name: bound})})
    single = pydantic.create_model("Single", x=(float, pydantic.Field(**{name: bound})))
    for value in (0.5, -1.0 if name in ("ge", "gt") else 2.0, float("nan")):
        found = []
        for check, wrong in (
            (lambda: table.validate(pl.DataFrame({"x": [0.5, value]})), pt.exceptions.DataFrameValidationError),
            (lambda: single(x=value), pydantic.ValidationError),
        ):
            try:
                check()
            except wrong:
                found.append(True)
            else:
                found.append(False)
        refused[name, str(value)] = tuple(found)
        print(f"{name}={bound}, {value}: refused by patito {found[0]}, by pydantic {found[1]}")
for name in BOUNDS:
    if refused[name, "0.5"] != (False, False) or refused[name, "-1.0" if name[0] == "g" else "2.0"] != (True, True):
        raise SystemExit("The behaviour has changed.")
    if refused[name, "nan"] != (name[0] == "l", True):
        raise SystemExit("The behaviour has changed.")
stated = pt.Field(ge=0, constraints=pt.field.is_not_nan())
table = type("Table", (pt.Model,), {"__annotations__": {"x": float}, "x": stated})
try:
    table.validate(pl.DataFrame({"x": [float("nan")]}))
except pt.exceptions.DataFrameValidationError:
    print("ge=0 with a constraint, nan: refused")
else:
    raise SystemExit("The behaviour has changed.")
PY
