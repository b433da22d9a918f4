"""Reads composite.onnx as arrays: its sums of trees and its linear part, where it has one.

ONNX files are protocol buffers (onnx.proto in the standard's repository). Of their messages only those are
read that the training's export writes; whatever else a graph holds is refused, and ONNX Runtime then answers.
Numbers are decoded by numpy, a whole list at once: a file holds some hundred thousand of them, and the start
of the service waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# The numbers of the fields, as onnx.proto has them.
GRAPH: Final = 7  # of ModelProto
NODE, INITIALIZER = 1, 5  # of GraphProto
NODE_INPUT, NODE_OUTPUT, OPERATOR, ATTRIBUTE = 1, 2, 4, 5  # of NodeProto
ATTRIBUTE_NAME, INTEGER, BYTES, FLOATS, INTEGERS, TEXTS = 1, 3, 4, 7, 8, 9  # of AttributeProto
TENSOR_NAME, TENSOR_RAW = 8, 9  # of TensorProto
VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5  # how a field's value is written

Integers = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

TREES: Final = "TreeEnsembleRegressor"
PLAIN: Final = (("margin", "Sigmoid", "probability"), ("exponent", "Exp", "outlier_score"))
LINEAR: Final = (  # the nodes beside the trees, in their order, of a margin with a linear part
    ("Cast", ("X",), "wide"),
    ("IsNaN", ("wide",), "absent"),
    ("Where", ("absent", "fill", "wide"), "filled"),
    ("MatMul", ("filled", "slope"), "linear"),
    ("Cast", ("sums",), "wide_sums"),
    ("Add", ("linear", "intercept"), "shifted"),
    ("Add", ("shifted", "wide_sums"), "wide_margin"),
    ("Cast", ("wide_margin",), "margin"),
)


class GraphError(ValueError):
    """The file is no composite that can be read as arrays; the text says what in it is not known."""


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaves are added to `base`. By node: `feature` is -1 for a leaf, whose answer is `value`.

    A value goes left when it is at most the threshold; `left` and `right` count within the tree.
    `first` [trees + 1]: where each tree's nodes begin; the first of them is its root.
    """

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.uint8]
    value: Floats
    first: NDArray[np.int32]
    base: float

    @property
    def parts(self) -> tuple[object, ...]:
        """As the machine code takes it."""
        return (
            self.feature,
            self.threshold,
            self.left,
            self.right,
            self.missing_left,
            self.value,
            self.first,
            self.base,
        )


@dataclass(frozen=True)
class Graph:
    """probability = sigmoid(margin + slope @ x), outlier score = exp(outlier); slope, fill [features].

    A missing value enters the linear part as its `fill`; both are None where the trees are all there is.
    """

    margin: Ensemble
    outlier: Ensemble
    slope: Doubles | None
    fill: Doubles | None


@dataclass(frozen=True)
class _Node:
    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, memoryview]


def read(model: bytes) -> Graph:
    """The composite's arrays. Raises GraphError for a graph of another shape, or bytes that are no graph."""
    try:
        return _graph(memoryview(model))
    except (IndexError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, GraphError):
            raise
        raise GraphError(f"composite.onnx is no ONNX file: {error}") from error


def _graph(model: memoryview) -> Graph:
    graph = _only(value for field, value in _fields(model) if field == GRAPH)
    nodes: list[_Node] = []
    constants: dict[str, Doubles] = {}
    for field, value in _fields(graph):
        if field == NODE:
            nodes.append(_node(value))
        elif field == INITIALIZER:
            name, numbers = _constant(value)
            constants[name] = numbers
    made_by = {node.output: node for node in nodes}
    if len(made_by) != len(nodes):
        raise GraphError("two nodes have one output")
    for source, operator, output in PLAIN:
        _expect(made_by.pop(output, None), operator, (source,))
    outlier = _ensemble(made_by.pop("exponent", None))
    if "sums" not in made_by:
        margin = _ensemble(made_by.pop("margin", None))
        _nothing_more(made_by)
        return Graph(margin, outlier, None, None)
    sums = _ensemble(made_by.pop("sums"))
    for operator, inputs, output in LINEAR:
        _expect(made_by.pop(output, None), operator, inputs)
    _nothing_more(made_by)
    if sorted(constants) != ["fill", "intercept", "slope"] or constants["intercept"].size != 1:
        raise GraphError(f"constants {sorted(constants)}: expected fill, slope and one intercept")
    shifted = Ensemble(*sums.parts[:-1], sums.base + float(constants["intercept"][0]))  # type: ignore[arg-type]
    return Graph(shifted, outlier, constants["slope"], constants["fill"])


def _nothing_more(nodes: dict[str, _Node]) -> None:
    if nodes:
        names = ", ".join(sorted(node.operator for node in nodes.values()))
        raise GraphError(f"nodes that are not known: {names[:200]}")


def _expect(node: _Node | None, operator: str, inputs: tuple[str, ...]) -> None:
    found = None if node is None else (node.operator, node.inputs)
    if found != (operator, inputs):
        raise GraphError(f"expected {operator} of {', '.join(inputs)}, found {found}")


def _ensemble(node: _Node | None) -> Ensemble:
    _expect(node, TREES, ("X",))
    assert node is not None  # noqa: S101 - _expect saw it
    given = node.attributes
    known = {"n_targets", "aggregate_function", "post_transform", "base_values", "nodes_modes"} | {
        f"nodes_{name}"
        for name in (
            "treeids",
            "nodeids",
            "featureids",
            "values",
            "truenodeids",
            "falsenodeids",
            "missing_value_tracks_true",
        )
    }
    known |= {f"target_{name}" for name in ("treeids", "nodeids", "ids", "weights")}
    if set(given) != known:
        raise GraphError(f"{TREES} has other attributes: {', '.join(sorted(known ^ set(given)))}")
    words = {name: _word(given[name]) for name in ("aggregate_function", "post_transform")}
    if _integer(given["n_targets"]) != 1 or words != {
        "aggregate_function": b"SUM",
        "post_transform": b"NONE",
    }:
        raise GraphError(f"{TREES} adds up otherwise: {words}")
    tree, place = _integers(given["nodes_treeids"]), _integers(given["nodes_nodeids"])
    first = np.flatnonzero(np.diff(tree, prepend=-1)).astype(np.int32)
    size = np.diff(np.append(first, tree.size))
    if tree.size == 0 or (tree != np.repeat(np.arange(size.size), size)).any():
        raise GraphError("the trees are not numbered in their order")
    if (place != np.arange(tree.size) - np.repeat(first, size)).any():
        raise GraphError("a tree's nodes are not numbered in their order")
    columns = {
        name: _integers(given[f"nodes_{name}"])
        for name in ("featureids", "truenodeids", "falsenodeids", "missing_value_tracks_true")
    }
    thresholds, weights = _floats(given["nodes_values"]), _floats(given["target_weights"])
    of_tree, of_node = _integers(given["target_treeids"]), _integers(given["target_nodeids"])
    if any(column.size != tree.size for column in (*columns.values(), thresholds)):
        raise GraphError("a list of the nodes has another length")
    if not weights.size == of_tree.size == of_node.size or _integers(given["target_ids"]).any():
        raise GraphError("a list of the leaves has another length, or another target")
    if ((of_tree < 0) | (of_tree >= size.size)).any() or ((of_node < 0) | (of_node >= size[of_tree])).any():
        raise GraphError("a leaf beyond the trees")
    leaves = first[of_tree] + of_node
    leaf = np.zeros(tree.size, dtype=np.bool_)
    leaf[leaves] = True
    if leaf.sum() != leaves.size or not _modes_are(given["nodes_modes"], leaf):
        raise GraphError("the nodes are not leaves with one value and comparisons by <=")
    value = np.zeros(tree.size, dtype=np.float32)
    value[leaves] = weights
    base = _floats(given["base_values"])
    if base.size != 1:
        raise GraphError(f"{base.size} base values")
    return Ensemble(
        feature=np.where(leaf, -1, columns["featureids"]).astype(np.int32),
        threshold=thresholds,
        left=columns["truenodeids"].astype(np.int32),
        right=columns["falsenodeids"].astype(np.int32),
        missing_left=columns["missing_value_tracks_true"].astype(np.uint8),
        value=value,
        first=np.append(first, np.int32(tree.size)).astype(np.int32),
        base=float(base[0]),
    )


def _node(message: memoryview) -> _Node:
    inputs: list[str] = []
    outputs: list[str] = []
    operator = ""
    attributes: dict[str, memoryview] = {}
    for field, value in _fields(message):
        if field == NODE_INPUT:
            inputs.append(bytes(value).decode())
        elif field == NODE_OUTPUT:
            outputs.append(bytes(value).decode())
        elif field == OPERATOR:
            operator = bytes(value).decode()
        elif field == ATTRIBUTE:
            name = _only(part for number, part in _fields(value, 1) if number == ATTRIBUTE_NAME)
            attributes[bytes(name).decode()] = value
    if len(outputs) != 1:
        raise GraphError(f"{operator} has {len(outputs)} outputs")
    return _Node(operator, tuple(inputs), outputs[0], attributes)


def _constant(tensor: memoryview) -> tuple[str, Doubles]:
    parts = dict(_fields(tensor))
    if TENSOR_NAME not in parts or TENSOR_RAW not in parts:
        raise GraphError("a constant without name or values")
    return bytes(parts[TENSOR_NAME]).decode(), np.frombuffer(parts[TENSOR_RAW], dtype="<f8").copy()


def _only(found: Iterator[memoryview]) -> memoryview:
    values = list(found)
    if len(values) != 1:
        raise GraphError(f"{len(values)} values where one is expected")
    return values[0]


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The number that begins there, and where the next field begins."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise GraphError("a number of more than 64 bits")


def _fields(message: memoryview, most: int | None = None) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each field, of the first `most` of them."""
    at, count = 0, 0
    while at < len(message) and (most is None or count < most):
        key, begin = _varint(message, at)
        match key & 7:
            case 0:
                _, at = _varint(message, begin)
            case 1:
                at = begin + 8
            case 2:
                length, begin = _varint(message, begin)
                at = begin + length
            case 5:
                at = begin + 4
            case kind:
                raise GraphError(f"a field is written in way {kind}")
        if at > len(message):
            raise GraphError("a field is longer than the file")
        yield key >> 3, message[begin:at]
        count += 1


def _list_of(attribute: memoryview, field: int, kind: int) -> tuple[memoryview, int]:
    """The bytes from an attribute's list on, and the key that stands before each of its items.

    After its name an attribute that holds a list holds this list, item by item, and its own type.
    """
    _, length_at = _varint(attribute, 0)
    length, name_at = _varint(attribute, length_at)
    rest = attribute[name_at + length :]
    key = field << 3 | kind
    if len(rest) and rest[0] != key:
        raise GraphError("an attribute of another type")
    return rest, key


def _integers(attribute: memoryview) -> Integers:
    """The whole numbers, none of them negative, of an attribute: each is a key and a varint."""
    rest, key = _list_of(attribute, INTEGERS, VARINT)
    raw = np.frombuffer(rest, dtype=np.uint8)
    ends = np.flatnonzero(raw < 0x80)  # of keys and values by turns; the type at the end has two bytes of key
    starts = np.append(0, ends[:-1] + 1)
    length = ends - starts + 1
    if length.size < 2 or length.size % 2 or (raw[starts[:-2:2]] != key).any() or (length > 9).any():
        raise GraphError("a list of integers that cannot be read")
    starts, length = starts[1:-2:2], length[1:-2:2]
    found = np.zeros(starts.size, dtype=np.int64)
    for byte in range(int(length.max(initial=0))):
        there = length > byte
        found[there] |= (raw[starts[there] + byte].astype(np.int64) & 0x7F) << (7 * byte)
    return found


def _floats(attribute: memoryview) -> Floats:
    """The numbers of an attribute: each is a key and four bytes."""
    rest, key = _list_of(attribute, FLOATS, FIXED32)
    items = np.dtype([("key", "u1"), ("value", "<f4")])
    count = len(rest) // items.itemsize
    found = np.frombuffer(rest, dtype=items, count=count)
    if len(rest) - count * items.itemsize != 3 or (found["key"] != key).any():
        raise GraphError("a list of numbers that cannot be read")
    return found["value"].astype(np.float32)


def _modes_are(attribute: memoryview, leaf: NDArray[np.bool_]) -> bool:
    """Whether the nodes are called leaves where they are, and comparisons by <= where they are not."""
    rest, key = _list_of(attribute, TEXTS, DELIMITED)
    words = [(leaf, b"LEAF"), (~leaf, b"BRANCH_LEQ")]
    items = [(which, np.frombuffer(bytes([key, len(word)]) + word, dtype=np.uint8)) for which, word in words]
    sizes = np.where(leaf, items[0][1].size, items[1][1].size)
    ends = np.cumsum(sizes)
    raw = np.frombuffer(rest, dtype=np.uint8)
    if raw.size != ends[-1] + 3:
        return False
    return all(
        bool((raw[(ends - sizes)[which][:, None] + np.arange(item.size)] == item).all())
        for which, item in items
    )


def _integer(attribute: memoryview) -> int:
    for field, value in _fields(attribute):
        if field == INTEGER:
            return _varint(value, 0)[0]
    raise GraphError("an attribute without its number")


def _word(attribute: memoryview) -> bytes:
    return bytes(_only(value for field, value in _fields(attribute) if field == BYTES))
