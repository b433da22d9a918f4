#!/usr/bin/env bash
# onnxruntime 1.32.0 with onnx 1.23.2, on a CPU.
# Expected: Unique counts NaN as a value of its own and ReduceMax answers NaN wherever one stands, as numpy and
# onnx's reference evaluator do; or both leave NaN out.
# Seen: Unique finds one value, NaN, four times in [NaN, 1, 2, 2], and in [1, 2, 2, NaN] it counts the NaN as a 1.
# ReduceMax of 0 to 99 with one NaN is NaN for one place of the NaN, leaves it out for most, and for two of them is
# neither: with the NaN in the place of the 1 it is 98, and the largest value, which stands elsewhere, is lost.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2
venv/bin/python -W ignore - <<'PY'
from collections import Counter

import numpy as np
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator


def run(operator, inputs, outputs=1, **settings):
    """What onnx's reference evaluator and onnxruntime answer."""
    names = [f"in{number}" for number in range(len(inputs))]
    node = helper.make_node(operator, names, [f"out{number}" for number in range(outputs)], **settings)
    kinds = [helper.np_dtype_to_tensor_dtype(one.dtype) for one in inputs]
    shapes = [one.shape for one in inputs]
    given = [helper.make_tensor_value_info(*each) for each in zip(names, kinds, shapes)]
    answers = [helper.make_empty_tensor_value_info(name) for name in node.output]
    graph = helper.make_graph([node], "one", given, answers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feed = dict(zip(names, inputs))
    runs = [one.run(None, feed) for one in (ReferenceEvaluator(model), session)]
    return [[each.ravel().astype(float).tolist() for each in found] for found in runs]


def place_of(nan):
    values = np.arange(100, dtype=np.float32)[None]
    values[0, nan] = np.nan
    reference, (found,) = run("ReduceMax", [values, np.array([1])], keepdims=0)
    assert np.isnan(reference).all()
    if np.isnan(found[0]):
        return "NaN"
    return "left out" if found[0] == np.nanmax(values) else "neither"


places = Counter(map(place_of, range(100)))
print("ReduceMax of 0 to 99 with one NaN, in each of the 100 places:", dict(places))
seen = []
for values in ([np.nan, 1, 2, 2], [1, 2, 2, np.nan]):
    reference, found = run("Unique", [np.array(values, np.float32)], 4)
    print(f"Unique of {values}: {found[0]}, found {found[3]} times; reference: {reference[0]}, {reference[3]}")
    seen.append(str(found[0] + found[3]))
if seen != ["[nan, 4.0]", "[1.0, 2.0, 2.0, 2.0]"] or set(places) != {"NaN", "left out", "neither"}:
    raise SystemExit("The behaviour has changed.")
PY
