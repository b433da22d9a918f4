#!/usr/bin/env bash
# nanoarrow 0.9.0 (with numpy 2.4.1).
# Expected: an array of numpy keeps its type and length or is refused, as one with strides or big-endian numbers is.
# Seen: booleans become uint8; two rows of three become six values, in the order of memory: a table laid out by
# columns comes out in another order than an equal one laid out by rows.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check nanoarrow==0.9.0 numpy==2.4.1
venv/bin/python -W ignore - <<'PY'
import nanoarrow as na
import numpy as np

flags = na.Array(np.array([True, False]))
rows = np.array([[1, 2, 3], [4, 5, 6]])
by_rows = na.Array(rows).to_pylist()
by_columns = na.Array(np.asfortranarray(rows)).to_pylist()
try:
    na.Array(np.arange(6)[::2])
except Exception as refused:
    strided = type(refused).__name__
else:
    strided = "taken"
print("numpy's True and False:", flags.schema, flags.to_pylist())
print("two rows of three:", by_rows, "- the same, laid out by columns:", by_columns)
print("an array with strides:", strided)
if flags.schema.type is not na.Type.UINT8 or by_rows != [1, 2, 3, 4, 5, 6] or by_columns != [1, 4, 2, 5, 3, 6]:
    raise SystemExit("The behaviour has changed.")
PY
