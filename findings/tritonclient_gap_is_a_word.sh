#!/usr/bin/env bash
# tritonclient 2.73.0.
# Expected: a gap (None, NaN) among the texts of an input is refused: the protocol has no null, and a length
# that is stated wrongly is refused too.
# Seen: it is sent as the word None or nan, in binary and in JSON, by the HTTP and the gRPC client. A model
# that was trained to take gaps as such finds an unknown category, and customers whose name is None, or who
# come from Nan, are gaps for code that mends it later. Numbers and booleans become words as well: 1 and
# True are "1" and "True", while the integer of a frame with one gap is "1.0". Fill gaps with the word that
# training used.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tritonclient[http,grpc]==2.73.0 numpy==2.4.6 \
    pandas==3.1.1
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
import pandas as pd
from tritonclient import grpc, http

frame = pd.DataFrame({"segment": ["north", None], "branch": [1, None]})
CASES = {
    "None": np.array(["north", None], dtype=object),
    "NaN": np.array(["north", float("nan")], dtype=object),
    "a text column of pandas": frame["segment"].to_numpy(dtype=object),
    "a number column of pandas": frame["branch"].to_numpy(dtype=object),
    "number and truth": np.array([1, True], dtype=object),
}


def words(written):
    """The texts of a binary tensor: each has its length before it, in four bytes."""
    found = []
    while written:
        length = int.from_bytes(written[:4], "little")
        found.append(written[4 : 4 + length].decode())
        written = written[4 + length :]
    return found


def sent(values):
    of_http, of_json, of_grpc = (kind.InferInput("x", [2], "BYTES") for kind in (http, http, grpc))
    of_http.set_data_from_numpy(values)
    of_json.set_data_from_numpy(values, binary_data=False)
    of_grpc.set_data_from_numpy(values)
    return words(of_http._get_binary_data()), of_json._get_tensor()["data"], words(of_grpc._get_content())


seen = {name: sent(values) for name, values in CASES.items()}
for name, found in seen.items():
    print(f"{name}: {found[0]}" + ("" if found[0] == found[1] == found[2] else f", otherwise {found[1:]}"))
try:
    http.InferInput("x", [3], "BYTES").set_data_from_numpy(CASES["None"])
    refused = "taken"
except Exception as problem:
    refused = str(problem)
print("a wrong shape:", refused)
expected = [["north", "None"], ["north", "nan"], ["north", "nan"], ["1.0", "nan"], ["1", "True"]]
if refused == "taken" or [found[0] for found in seen.values()] != expected:
    raise SystemExit("The behaviour has changed.")
if any(found[0] != found[1] or found[0] != found[2] for found in seen.values()):
    raise SystemExit("The behaviour has changed.")
PY
