#!/usr/bin/env bash
# onnxruntime 1.32.0 with onnx 1.23.2 (and onnx's own ReferenceEvaluator beside it).
# Expected: the label of a TreeEnsembleClassifier is the class with the highest score, as the operator says
# and as onnx's reference evaluator answers.
# Seen: where a model of two classes gives the scores of both, as each tree of a forest does, all scores are
# right and all labels are wrong: 1, which need not be a class at all, for every row. With three classes the
# labels are right. And where only one class has scores, in log-odds, and no leaf is below 0 (boosting that
# stopped after its first tree), the label is asked at a log-odds of 0.5: a row with a probability of 0.6 is
# labelled as the other class. (Converters that write both sides of a forest as one are spared; a graph that
# is built by hand is not.)
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2
venv/bin/python -W ignore - <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

rows = np.array([[0.0], [2.0]], np.float32)
ONE_SPLIT = {
    "nodes_treeids": [0, 0, 0],
    "nodes_nodeids": [0, 1, 2],
    "nodes_featureids": [0, 0, 0],
    "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
    "nodes_values": [1.0, 0.0, 0.0],
    "nodes_truenodeids": [1, 0, 0],
    "nodes_falsenodeids": [2, 0, 0],
}


def answers(name, labels, leaves, ids, weights, post_transform="NONE"):
    node = helper.make_node(
        "TreeEnsembleClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml", **ONE_SPLIT,
        classlabels_int64s=labels, class_treeids=[0] * len(ids), class_nodeids=leaves, class_ids=ids,
        class_weights=weights, post_transform=post_transform,
    )  # fmt: skip
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1])]
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, len(labels)]),
    ]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    graph = helper.make_graph([node], "tree", inputs, outputs)
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    found = []
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for who, runner in (("reference", ReferenceEvaluator(model)), ("onnxruntime", session)):
        label, scores = runner.run(None, {"x": rows})
        found.append((label.tolist(), np.round(scores.astype(float), 2).tolist()))
        print(f"{name}, {who}: labels {found[-1][0]}, scores {found[-1][1]}")
    return found


two = answers("classes 4 and 9", [4, 9], [1, 1, 2, 2], [0, 1, 0, 1], [0.9, 0.1, 0.2, 0.8])
shares = [0.9, 0.1, 0.0, 0.1, 0.2, 0.7]
three = answers("classes 4, 9 and 7", [4, 9, 7], [1, 1, 1, 2, 2, 2], [0, 1, 2, 0, 1, 2], shares)
odds = answers("log-odds of class 9", [4, 9], [1, 2], [0, 0], [0.1, 0.4], "LOGISTIC")
if two[0][1] != two[1][1] or (two[0][0], two[1][0]) != ([4, 9], [1, 1]):
    raise SystemExit("The behaviour has changed.")
if three[0] != three[1] or odds[0][1] != odds[1][1] or (odds[0][0], odds[1][0]) != ([9, 9], [4, 4]):
    raise SystemExit("The behaviour has changed.")
PY
