#!/usr/bin/env bash
# onnx 1.23.2 (onnxruntime 1.32.0 answers, without optimization).
# Expected: `version_converter.convert_version` changes the version of a model and not what it answers, as
# it does for Softmax, whose meaning changed between 11 and 13 and which gets nodes that keep it.
# Seen: two that are other models, without a warning. Linear Resize and Upsample from before opset 11
# counted pixels from corners; in 11 that is a setting (coordinate_transformation_mode), which is not set,
# so the image that a model scales for itself is shifted by a part of a pixel and each value is another.
# Hardmax, which changed together with Softmax, takes one largest value of each row in place of one of all
# rows. Nearest Resize stays right, and so do the shapes. Compare answers before and after, or export anew.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import warnings

import numpy as np
import onnxruntime
from onnx import TensorProto, checker, helper, numpy_helper, version_converter

onnxruntime.set_default_logger_severity(4)
NUMBERS = np.random.default_rng(0).normal(size=24).astype(np.float32)
IMAGE, TABLES = [1, 1, 4, 6], [2, 3, 4]
TWICE = numpy_helper.from_array(np.float32([1, 1, 2, 2]), "twice")
LARGER = [1, 1, 8, 12]


def enlarged(kind, mode):
    return helper.make_node(kind, ["x", "twice"], ["y"], mode=mode)


CASES = {  # the node, the version before and after, shapes of input and output
    "Softmax": (helper.make_node("Softmax", ["x"], ["y"], axis=1), 11, 13, TABLES, TABLES),
    "Hardmax": (helper.make_node("Hardmax", ["x"], ["y"], axis=1), 11, 13, TABLES, TABLES),
    "Resize, nearest": (enlarged("Resize", "nearest"), 10, 11, IMAGE, LARGER),
    "Resize, linear": (enlarged("Resize", "linear"), 10, 11, IMAGE, LARGER),
    "Upsample, linear": (enlarged("Upsample", "linear"), 9, 11, IMAGE, LARGER),
}


def answer(model, given):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, {"x": given})[0]


def apart(node, before, after, given, made):
    shapes = {"x": given, "y": made}.items()
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes)
    graph = helper.make_graph([node], "one", [x], [y], [TWICE] if "twice" in node.input else [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", before)], ir_version=8)
    checker.check_model(model, full_check=True)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        converted = version_converter.convert_version(model, after)
    checker.check_model(converted, full_check=True)
    values = NUMBERS.reshape(given)
    first, second = answer(model, values), answer(converted, values)
    return float(np.abs(first - second).max()), float((np.abs(first - second) > 1e-6).mean()), len(told)


seen = {name: apart(*case) for name, case in CASES.items()}
for name, (most, share, told) in seen.items():
    versions = f"{CASES[name][1]} to {CASES[name][2]}"
    print(f"{name}, {versions}: up to {most:.2f} apart, {share:.0%} of values, warnings {told}")
same = {name for name, (most, _, _) in seen.items() if most < 1e-6}
if same != {"Softmax", "Resize, nearest"} or any(told for _, _, told in seen.values()):
    raise SystemExit("The behaviour has changed.")
PY
