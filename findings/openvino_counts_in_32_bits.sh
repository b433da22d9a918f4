#!/usr/bin/env bash
# openvino 2026.4.1, device CPU on x86-64 (with onnx 1.23.2; onnxruntime 1.32.0 answers beside it).
# Expected: a model whose inputs are int64 or double is computed in them, or is refused: ONNX asks for it,
# the compiled model states these types for its inputs and outputs, and f32 as INFERENCE_PRECISION_HINT is
# about floats.
# Seen: int64 is computed in 32 bits and double in single, without a warning, and only the result has the
# wide type again. (The documentation lists i32 and f32 as what the device computes in, and not that it
# takes the rest so.) 3,000,000 times 1000 is -1294967296, an id above 2**31 equals no other, a time in
# milliseconds is before each date, and a day's price less yesterday's, in double, is 0. Features of a model
# that are looked up by id, or computed from times, in the graph are other features. Subtract, divide and
# compare outside, or check that what comes in fits.
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
WIDE = {np.int64: TensorProto.INT64, np.float64: TensorProto.DOUBLE, bool: TensorProto.BOOL}
CASES = {
    "3000000 times 1000": ("Mul", np.int64(3_000_000), np.int64(1000), np.int64),
    "id 2147483654 is itself": ("Equal", np.int64(2_147_483_654), np.int64(2_147_483_654), bool),
    "2026 is after 2020, in ms": ("Greater", np.int64(1_780_000_000_000), np.int64(1_577_836_800_000), bool),
    "price, less yesterday's": ("Sub", np.float64(1_000_000_000.125), np.float64(1e9), np.float64),
}


def asked(operation, value, constant, answer):
    x = helper.make_tensor_value_info("x", WIDE[type(value)], [1])
    y = helper.make_tensor_value_info("y", WIDE[answer], [1])
    node = helper.make_node(operation, ["x", "c"], ["y"])
    known = numpy_helper.from_array(np.atleast_1d(constant), "c")
    graph = helper.make_graph([node], "one", [x], [y], [known])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(model, full_check=True)
    written = model.SerializeToString()
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(written, b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled({"x": np.atleast_1d(value)})[0]
    (right,) = onnxruntime.InferenceSession(written).run(None, {"x": np.atleast_1d(value)})
    return found[0].item(), str(found.dtype), right[0].item()


seen = {name: asked(*case) for name, case in CASES.items()}
for name, (found, kind, right) in seen.items():
    print(f"{name}: {found} ({kind}), onnxruntime {right}")
if [right for _, _, right in seen.values()] != [3_000_000_000, True, True, 0.125]:
    raise SystemExit("The behaviour has changed.")
if [found for found, _, _ in seen.values()] != [-1294967296, False, False, 0.0]:
    raise SystemExit("The behaviour has changed.")
PY
