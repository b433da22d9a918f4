#!/usr/bin/env bash
# openvino 2026.4.1, device CPU on x86-64 (with onnx 1.23.2; onnxruntime 1.32.0 answers beside it).
# Expected: NaN in, NaN out, as ONNX Runtime has it for Relu, Clip and Max.
# Seen: Relu and a Clip to 0..6 make 0 of it, Max with 1 makes 1, and "is not 0" finds it to be 0. A row
# with a gap that was not filled gets a score like any other, where the guard that looks for NaN in scores
# catches it with another engine; a layer that went wrong looks tame. Look for gaps before the model, not
# behind it.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openvino==2026.4.1 onnx==1.23.2 \
    onnxruntime==1.32.0 numpy==2.4.6
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, checker, helper, numpy_helper

onnxruntime.set_default_logger_severity(4)
FLOAT = TensorProto.FLOAT
CASES = {
    "Relu": [helper.make_node("Relu", ["x"], ["y"])],
    "Clip to 0..6": [helper.make_node("Clip", ["x", "zero", "six"], ["y"])],
    "Max with 1": [helper.make_node("Max", ["x", "one"], ["y"])],
    "is not 0": [
        helper.make_node("Cast", ["x"], ["b"], to=TensorProto.BOOL),
        helper.make_node("Cast", ["b"], ["y"], to=FLOAT),
    ],
}
NUMBERS = {"zero": 0, "six": 6, "one": 1}
CONSTANTS = [numpy_helper.from_array(np.float32(value), name) for name, value in NUMBERS.items()]
GIVEN = np.float32([0.5, np.nan, -2.0, 9.0])


def asked(nodes):
    x, y = (helper.make_tensor_value_info(name, FLOAT, [4]) for name in "xy")
    used = [each for each in CONSTANTS if any(each.name in node.input for node in nodes)]
    graph = helper.make_graph(nodes, "one", [x], [y], used)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(model, full_check=True)
    written = model.SerializeToString()
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(written, b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    (right,) = onnxruntime.InferenceSession(written).run(None, {"x": GIVEN})
    return compiled({"x": GIVEN})[0].tolist(), right.tolist()


seen = {name: asked(nodes) for name, nodes in CASES.items()}
print("given:", GIVEN.tolist())
for name, (found, right) in seen.items():
    print(f"{name}: {found}, onnxruntime {right}")
if [found[1] for found, _ in seen.values()] != [0, 0, 1, 0]:
    raise SystemExit("The behaviour has changed.")
if [str(right[1]) for _, right in seen.values()] != ["nan", "nan", "nan", "1.0"]:
    raise SystemExit("The behaviour has changed.")
PY
