"""The machine code answers as ONNX Runtime does, and reads, counts and writes as Python does."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.steps.train import graph as export
from ml.steps.train import parity
from ml.steps.train.additive import NOTHING, Additive
from ml.steps.train.trees import LEAF, Tree
from scoring.assembly import assemble
from scoring.model import evaluator, machine
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.defects import ContractError
from scoring.model.drift import DriftRules
from scoring.model.encode import Encoder, Texts
from scoring.model.evaluator import TOLERANCE, MachineComposite
from scoring.model.graph import Ensemble, Graph, GraphError, read
from scoring.model.machine import Absent, MachineCode
from scoring.model.probes import PROBES, Probes, rows_for
from scoring.model.schema import CategoryFeature, Matrix, NumberFeature, Schema
from scoring.model.typed_json import JsonShapeError, Node
from scoring.monitor import DriftMonitor, Pace
from scoring.scorer import Judge, Scorer
from scoring.settings import ModelIdentity, Settings
from scoring.settings import read as read_settings
from scoring.window import RollingWindow
from tests.scoring.conftest import Running
from tests.scoring.trained import Small

MANY = 300


@pytest.fixture(scope="module")
def code() -> MachineCode:
    found = machine.found()
    assert isinstance(found, MachineCode), f"{found.reason}: `make setup` builds it"
    return found


@pytest.fixture(scope="module")
def compiled(code: MachineCode, artifact: Artifact) -> MachineComposite:
    return MachineComposite(code.composite(read(artifact.composite), artifact.schema.width))


@pytest.fixture(scope="module")
def reference(artifact: Artifact) -> Composite:
    return Composite(artifact.composite, artifact.schema.width)


@pytest.fixture(scope="module")
def rows(model: Small, artifact: Artifact) -> Matrix:
    """The whole test set, extremes, values on thresholds and just above, missing and unseen ones."""
    found = read(artifact.composite)
    splits = [tree for forest in (found.margin, found.outlier) for tree in trees_of(forest)]
    adversarial = parity.adversarial_rows(artifact.schema, model.test_matrix, splits, seed=5)
    return np.concatenate([model.test_matrix, adversarial])


def trees_of(forest: Ensemble) -> list[Tree]:
    parts = [slice(*pair) for pair in zip(forest.first[:-1], forest.first[1:], strict=True)]
    return [
        Tree(
            feature=forest.feature[part].astype(np.int64),
            threshold=forest.threshold[part].astype(np.float64),
            left=forest.left[part].astype(np.int64),
            right=forest.right[part].astype(np.int64),
            missing_left=forest.missing_left[part].astype(np.bool_),
            value=forest.value[part].astype(np.float64),
        )
        for part in parts
    ]


def test_answers_are_those_of_onnx_runtime(
    compiled: MachineComposite, reference: Composite, artifact: Artifact, rows: Matrix
) -> None:
    assert np.isnan(rows).any()
    thresholds = artifact.thresholds
    limits = np.float32(thresholds.decision), np.float32(thresholds.outlier)
    for ours, theirs, limit in zip(compiled.run(rows), reference.run(rows), limits, strict=True):
        assert np.abs(ours - theirs).max() <= TOLERANCE
        near = np.abs(theirs - limit) <= TOLERANCE
        assert ((ours >= limit) == (theirs >= limit))[~near].all()


@given(start=st.integers(0, 2_000), count=st.integers(1, MANY))
@settings(max_examples=60, deadline=None)
def test_one_row_and_many_give_the_same_bits(
    compiled: MachineComposite, rows: Matrix, start: int, count: int
) -> None:
    some = rows[start : start + count]
    together = compiled.run(some)
    alone = [compiled.run(some[row : row + 1]) for row in range(0, len(some), 7)]
    for output in range(2):
        assert [one[output][0] for one in alone] == together[output][::7].tolist()


def test_judgements_are_rounded_and_compared_as_python_does_it(
    compiled: MachineComposite, artifact: Artifact, rows: Matrix
) -> None:
    probability, outlier_score = compiled.run(rows)
    batch = Judge(compiled, artifact.thresholds)(rows)
    assert batch.probabilities == probability.astype(np.float64).round(7).tolist()
    assert batch.outlier_scores == outlier_score.astype(np.float64).round(7).tolist()
    decision, outlier = np.float32(artifact.thresholds.decision), np.float32(artifact.thresholds.outlier)
    assert batch.labels == (probability >= decision).astype(int).tolist()
    assert batch.outlier_flags == (outlier_score > outlier).tolist()
    assert {type(flag) for flag in batch.outlier_flags} == {bool}


@st.composite
def trees(draw: st.DrawFn, width: int) -> Tree:
    """A tree of any shape: chains, single leaves, both children leaves."""
    feature, threshold, left, right, missing, value = [LEAF], [0.0], [0], [0], [False], [0.0]
    for _ in range(draw(st.integers(0, 24))):
        leaf = draw(st.sampled_from([at for at, found in enumerate(feature) if found == LEAF]))
        feature[leaf], missing[leaf] = draw(st.integers(0, width - 1)), draw(st.booleans())
        threshold[leaf] = draw(st.sampled_from([-2.5, -1.0, 0.0, 0.5, 1.0, 3.0]))
        left[leaf], right[leaf] = len(feature), len(feature) + 1
        for _ in range(2):
            feature.append(LEAF)
            threshold.append(0.0)
            left.append(0)
            right.append(0)
            missing.append(False)
            value.append(draw(st.floats(-2, 2, width=32)))
    return Tree(
        np.array(feature),
        np.array(threshold),
        np.array(left),
        np.array(right),
        np.array(missing),
        np.array(value),
    )


@given(data=st.data(), width=st.integers(1, 5), linear=st.booleans())
@settings(max_examples=15, deadline=None)
def test_graphs_of_any_trees_answer_as_onnx_runtime_does(
    code: MachineCode, data: st.DataObject, width: int, linear: bool
) -> None:
    forests = [tuple(data.draw(st.lists(trees(width), min_size=1, max_size=12))) for _ in range(2)]
    slope = np.linspace(-0.5, 0.75, width) if linear else np.zeros(width)
    margin = Additive(forests[0] if not linear else (NOTHING, *forests[0]), slope, np.ones(width), 0.25)
    with pytest.MonkeyPatch.context() as patched:
        lengths = [replace(tree, value=np.abs(tree.value)) for tree in forests[1]]  # so scores are 1 at most
        patched.setattr(export, "isolation_trees", lambda _: lengths)
        patched.setattr(export, "isolation_scale", lambda _: 4.0)
        model = export.composite(margin, None)
    random = np.random.default_rng(len(forests[0]))
    rows = random.choice(
        np.array([-3.0, -1.0, -0.0, 0.0, 0.5, 1.0, 7.0, np.inf, np.nan], dtype=np.float32), (70, width)
    )
    if linear:
        rows[np.isinf(rows)] = 9.0  # times a slope of 0 it would be no number
    compiled = MachineComposite(code.composite(read(model), width))
    assert not evaluator.difference(compiled, Probes(rows, *Composite(model, width).run(rows)))


def splits(forest: Ensemble, there: int, leaf: int) -> Any:
    return np.where(forest.feature >= 0, there, leaf).astype(np.int32)


BROKEN: dict[str, Callable[[Ensemble], Ensemble]] = {
    "a child beyond the tree": lambda e: replace(
        e, left=np.where(e.feature >= 0, 60_000, 0).astype(np.int32)
    ),
    "a node with two parents": lambda e: replace(e, right=np.where(e.feature >= 0, 1, 0).astype(np.int32)),
    "a feature beyond the row": lambda e: replace(
        e, feature=np.where(e.feature >= 0, 23, -1).astype(np.int32)
    ),
    "a threshold that is no number": lambda e: replace(e, threshold=np.full_like(e.threshold, np.nan)),
    "different lengths": lambda e: replace(e, value=e.value[1:]),
    "do not part the nodes": lambda e: replace(e, first=e.first[:-1]),
    "nodes that no way leads to": lambda e: replace(e, feature=np.full_like(e.feature, -1)),
}


@pytest.mark.parametrize("says", BROKEN)
def test_arrays_that_are_no_trees_are_refused(code: MachineCode, artifact: Artifact, says: str) -> None:
    found = read(artifact.composite)
    broken = replace(found, outlier=BROKEN[says](found.outlier))
    with pytest.raises(ValueError, match=says):
        code.composite(broken, artifact.schema.width)


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 22), np.float32), np.zeros((2, 23)), np.zeros(23, np.float32)]
)
def test_matrices_of_another_shape_or_type_are_refused(
    code: MachineCode, artifact: Artifact, wrong: np.ndarray
) -> None:
    kernel = code.composite(read(artifact.composite), 23)
    for ask in (
        lambda: kernel.judge(wrong, 0.5, 0.5),
        lambda: kernel.run(wrong, *np.zeros((2, 2), np.float32)),
    ):
        with pytest.raises((ValueError, TypeError), match="expected"):
            ask()
    with pytest.raises((BufferError, ValueError)):
        kernel.judge(np.zeros((46, 46), np.float32)[::2, ::2], 0.5, 0.5)


@given(st.integers(0, 400_000), st.binary(min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_damaged_files_are_refused_or_read_never_worse(artifact: Artifact, at: int, other: bytes) -> None:
    at %= len(artifact.composite)
    damaged = artifact.composite[:at] + other + artifact.composite[at + len(other) :]
    for content in (damaged, artifact.composite[:at]):
        try:
            found = read(content)
        except GraphError:
            continue
        assert isinstance(found, Graph)


CONTRACT = Schema(
    (
        NumberFeature("whole", "", -3, 1000, integer=True),
        NumberFeature("any", "", -1.5, 2.5, integer=False),
        NumberFeature("wide", "", -(2.0**70), 2.0**70, integer=True),
        CategoryFeature("kind", "", ("a", "b", 2)),
        CategoryFeature("flag", "", (0, 1)),
    )
)
VALUES = (
    st.integers(-5, 1005)
    | st.integers(-(2**72), 2**72)
    | st.floats()
    | st.floats(-2, 3, width=32)
    | st.sampled_from(
        ["a", "b", "c", "2", 2, 2.0, 0, 1, 1.0, True, False, None, 2**63, -(2**63) - 1, 1e300, -0.0]
    )
    | st.lists(st.integers(), max_size=1)
)
GOOD = {"whole": 5, "any": 0.5, "wide": 2**69, "kind": "b", "flag": 1}
RECORDS = st.fixed_dictionaries(
    {}, optional={name: st.just(good) | VALUES for name, good in GOOD.items()} | {"more": VALUES}
)


def outcome(encoder: Encoder, payload: object) -> object:
    try:
        return encoder.encode(payload).tobytes()
    except ContractError as error:
        return [item.to_json() for item in error.errors], error.more


@given(
    changes=st.lists(
        st.dictionaries(st.sampled_from([*GOOD, "more"]), VALUES, max_size=2), min_size=1, max_size=12
    ),
    columns=st.booleans(),
    whole=st.none() | RECORDS,
)
@settings(max_examples=150, deadline=None)
def test_rows_are_read_or_refused_as_python_does_it(
    code: MachineCode, changes: list[dict[str, Any]], columns: bool, whole: dict[str, Any] | None
) -> None:
    records: list[Any] = [GOOD | change for change in changes]
    if whole is not None:
        records.append(whole)
    payload: object = {"records": records}
    if columns:
        names = {name for record in records for name in record}
        payload = {"columns": {name: [record.get(name) for record in records] for name in names}}
    assert outcome(Encoder(CONTRACT, 50, code), payload) == outcome(Encoder(CONTRACT, 50), payload)


EXACT = Schema(tuple(feature for feature in CONTRACT.features if feature.name != "wide"))
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
NUMBERS = {
    **{name: st.integers(0, 100) | st.integers(np.iinfo(name).min, np.iinfo(name).max) for name in WHOLE},
    "float32": st.integers(-3, 9).map(float) | st.floats(width=32),
    "float64": st.integers(-3, 9).map(float) | st.floats(),
}
SMALL = {"whole": (0, 100), "any": (-1, 2), "kind": (2, 2), "flag": (0, 1)}


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    """Arrays of any type of numbers, and texts, most of which keep the contract."""
    rows = draw(st.integers(1, 300))
    found: dict[str, Any] = {}
    for name, (low, high) in SMALL.items():
        kind = draw(st.sampled_from([*NUMBERS, "texts"] if name == "kind" else [*NUMBERS]))
        if kind == "texts":
            different = tuple(
                draw(st.lists(st.sampled_from(["a", "b", "c", "2", None]), min_size=1, max_size=4))
            )
            least = draw(st.lists(st.integers(0, len(different) - 1), min_size=1, max_size=3))
            found[name] = Texts(different, np.resize(np.array(least, dtype=np.int32), rows))
            continue
        good = max(low, 0) if kind.startswith("u") else low
        array = np.resize(np.arange(good, high + 1), rows).astype(kind)
        for at in draw(st.lists(st.integers(0, rows - 1), max_size=1)):
            array[at] = draw(NUMBERS[kind])
        found[name] = array
    return found


def listed(column: Any) -> list[Any]:
    if isinstance(column, Texts):
        return [column.different[place] for place in column.places.tolist()]
    return column.tolist()


@given(given_columns=columns())
@settings(max_examples=150, deadline=None)
def test_arrays_are_read_as_lists_are(code: MachineCode, given_columns: dict[str, Any]) -> None:
    """None where a list is refused; a list that is taken may have a type that only lists are judged in."""
    payload = {"columns": {name: listed(column) for name, column in given_columns.items()}}
    expected = outcome(Encoder(EXACT, 300), payload)
    for encoder in (Encoder(EXACT, 300, code), Encoder(EXACT, 300)):
        found = encoder.arrays(given_columns)
        assert (None if found is None else found.tobytes()) == (
            expected if isinstance(expected, bytes) else None
        )


def test_columns_that_a_double_cannot_judge_are_left_to_lists(code: MachineCode) -> None:
    whole = Schema((CONTRACT.features[2],))
    huge = Schema((CategoryFeature("kind", "", (0, 2**53 + 1)),))
    texts = Schema((CategoryFeature("kind", "", ("a", "b")),))
    for schema in (whole, huge, texts):
        numbers = {schema.names[0]: np.zeros(200)}
        for encoder in (Encoder(schema, 200, code), Encoder(schema, 200)):
            assert encoder.arrays(numbers) is None
    half = {"flag": np.zeros(3, dtype=np.float16)}
    assert Encoder(Schema((CONTRACT.features[4],)), 3, code).arrays(half) is None


@pytest.mark.parametrize(
    "wrong",
    [
        (np.zeros(3),),
        (np.zeros((4, 1)),),
        (np.zeros(8)[::2],),
        ((np.zeros(4, np.int64), np.zeros(1, np.float32)),),
        ((np.zeros(4, np.int32), np.zeros(1)),),
        (np.zeros(4), np.zeros(4)),
        ([0.0] * 4,),
    ],
)
def test_columns_of_another_shape_are_refused(code: MachineCode, wrong: tuple[Any, ...]) -> None:
    rows = code.rows(Schema((CONTRACT.features[4],)))
    with pytest.raises((TypeError, ValueError, BufferError)):
        rows.arrays(wrong, np.empty((4, 1), dtype=np.float32))


@pytest.mark.parametrize("place", [-1, 2])
def test_a_place_beyond_the_texts_is_no_category(code: MachineCode, place: int) -> None:
    rows = code.rows(Schema((CONTRACT.features[4],)))
    places = np.array([0, 1, place, 0], dtype=np.int32)
    matrix = np.empty((4, 1), dtype=np.float32)
    assert not rows.arrays(((places, np.zeros(2, np.float32)),), matrix)
    assert rows.arrays(((places % 2, np.zeros(2, np.float32)),), matrix)


def test_bins_are_tallied_as_python_counts_them(code: MachineCode, artifact: Artifact, rows: Matrix) -> None:
    some = rows.copy()
    some[::3, 0] = np.nan
    some[:, 1] = np.nan
    some[::5, 2] = np.inf
    numbers = artifact.drift.bin_numbers(some)
    expected = np.array(
        [
            np.bincount(numbers[~np.isnan(some[:, feature]), feature], minlength=artifact.drift.bins)
            for feature in range(some.shape[1])
        ]
    )
    counts = np.zeros(expected.shape, dtype=np.int64)
    bins = code.bins(artifact.drift.edges)
    for part in (some[:7], some[7:]):
        bins.tally(part, counts)
    assert np.array_equal(counts, expected)
    for wrong in (counts[:, 1:].copy(), counts.astype(np.int32), counts[1:].copy()):
        with pytest.raises((TypeError, ValueError)):
            bins.tally(some, wrong)


def test_bins_are_those_of_python(code: MachineCode, artifact: Artifact, rows: Matrix) -> None:
    edges = np.where(np.isinf(artifact.drift.edges), 1.0, artifact.drift.edges).T.astype(np.float32)
    everything = np.concatenate([rows, edges, np.nextafter(edges, np.float32(np.inf))])
    found = np.frombuffer(code.bins(artifact.drift.edges).count(everything), dtype=np.uint8)
    assert np.array_equal(found.reshape(everything.shape), artifact.drift.bin_numbers(everything))
    both = [RollingWindow(artifact.drift, 4_000, code=which) for which in (code, Absent("for the test"))]
    for window in both:
        window.add(everything[:1])
        window.add(everything)
    assert np.array_equal(*(window.snapshot().counts for window in both))


SEVENTHS = st.integers(0, 10**7).map(lambda number: number / 1e7)


@given(st.lists(st.tuples(SEVENTHS, st.integers(0, 1), SEVENTHS, st.booleans()), max_size=30))
def test_answers_are_written_as_python_does_it(code: MachineCode, found: list[tuple[Any, ...]]) -> None:
    lists = [[row[number] for row in found] for number in range(4)]
    text = code.kernel.answered(*lists)
    assert text is not None
    assert json.loads(b"{%b}" % text) == {
        "predictions": [{"probability": row[0], "label": row[1]} for row in found],
        "outliers": [{"score": row[2], "flag": row[3]} for row in found],
    }


@pytest.mark.parametrize("number", [0.12345678, -0.1, 1.1, float("nan"), float("inf")])
def test_other_numbers_are_left_to_python(code: MachineCode, number: float) -> None:
    assert code.kernel.answered([number], [0], [0.5], [False]) is None
    assert code.kernel.answered([0.5], [0], [number], [False]) is None


def package(folder: Path, damage: Callable[[Path], object]) -> Path:
    """A copy of the installed package with a defect."""
    import scoring_kernel

    origin = Path(scoring_kernel.__file__)
    for name in (machine.LIBRARY, machine.DESCRIPTION):
        shutil.copy(origin.with_name(name), folder / name)
    damage(folder)
    return folder


def changed(folder: Path, **more: str) -> None:
    file = folder / machine.DESCRIPTION
    file.write_text(json.dumps(json.loads(file.read_text()) | more))


DEFECTS: dict[str, Callable[[Path], object]] = {
    "cannot be read": lambda folder: (folder / machine.DESCRIPTION).unlink(),
    "is not the library that": lambda folder: (folder / machine.LIBRARY).write_bytes(b"\x7fELF"),
    "was made of other sources": lambda folder: changed(folder, source="0" * 64),
    "this processor lacks that level": lambda folder: changed(folder, level="x86-64-v9"),
}


@pytest.mark.parametrize("says", DEFECTS)
def test_a_library_that_does_not_fit_is_not_loaded(code: MachineCode, tmp_path: Path, says: str) -> None:
    found = machine.loaded(package(tmp_path, DEFECTS[says]))
    assert isinstance(found, Absent)
    assert says in found.reason


def test_a_processor_without_a_flag_is_told_from_others(tmp_path: Path) -> None:
    flags = sorted(machine.NEEDED["x86-64-v3"])
    information = tmp_path / "cpuinfo"
    information.write_text(f"flags\t\t: fpu {' '.join(flags)}\n")
    assert machine.lacking("x86-64-v3", "x86_64", information) == ""
    information.write_text(f"flags\t\t: fpu {' '.join(flags[1:])}\n")
    assert machine.lacking("x86-64-v3", "x86_64", information) == flags[0]
    assert machine.lacking("x86-64-v3", "aarch64", information)
    assert machine.lacking("armv8-a", "aarch64", information) == ""


def test_code_that_differs_does_not_answer(
    code: MachineCode, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluator.choose(artifact, code).to_json() == {
        "name": "machine code",
        "level": code.level,
        "digest": f"sha256:{code.digest}",
        "reason": None,
    }
    right = read(artifact.composite)
    wrong = replace(right, outlier=replace(right.outlier, value=right.outlier.value + np.float32(1e-6)))
    monkeypatch.setattr(evaluator, "read", lambda _: wrong)
    found = evaluator.choose(artifact, code)
    assert (found.name, found.code) == ("ONNX Runtime", None)
    assert str(found.reason).startswith("its self-test differs: outlier score by ")


def test_the_start_holds_machine_code_to_recorded_answers_and_loads_nothing_else(
    code: MachineCode, artifact: Artifact, model_dir: Path
) -> None:
    """An artifact without the record, as earlier versions made them, asks ONNX Runtime, as before."""
    program = (
        "import sys; from pathlib import Path; from scoring.assembly import assemble\n"
        "from scoring.settings import Settings; assemble(Settings(model_dir=Path(sys.argv[1])))\n"
        "print('onnxruntime' in sys.modules)"
    )

    def start(folder: Path) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, folder], capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()[-1]

    assert artifact.probes
    without = replace(artifact, probes=None)
    without.save(model_dir.parent / "without")
    assert (start(model_dir), start(model_dir.parent / "without")) == ("False", "True")
    assert evaluator.choose(without, code).code is code
    wrong = replace(artifact.probes, outlier_score=artifact.probes.outlier_score + np.float32(2e-6))
    found = evaluator.choose(replace(artifact, probes=wrong), code)
    assert (found.name, str(found.reason)[:29]) == ("ONNX Runtime", "its self-test differs: outlie")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rows": 0}, "/probes/rows: 0 rows: at least one is needed"),
        ({"rows": 95}, "/probes/matrix: 8832 bytes, but 2185 float32 take 8740"),
        ({"probability": "?"}, "/probes/probability: not base64"),
    ],
)
def test_a_record_of_another_shape_is_refused(artifact: Artifact, change: dict[str, Any], says: str) -> None:
    assert artifact.probes
    with pytest.raises(JsonShapeError, match=says):
        Probes.from_json(Node({**artifact.probes.to_json(), **change}, "/probes"), artifact.schema.width)


def test_a_sample_on_the_other_side_of_a_threshold_leaves_it_to_onnx_runtime(
    code: MachineCode, artifact: Artifact
) -> None:
    first = dict(artifact.samples.predictions[0])
    first["label"] = 1 - first["label"]
    samples = replace(artifact.samples, predictions=(first, *artifact.samples.predictions[1:]))
    found = evaluator.choose(replace(artifact, samples=samples), code)
    assert found.reason == "sample 1 lies at a threshold, and has another label or flag"


def test_readiness_says_what_evaluates_the_model(serve: Callable[..., Running], code: MachineCode) -> None:
    ready = serve().client.get("/readyz").json()
    assert ready["evaluator"] == {
        "name": "machine code",
        "level": code.level,
        "digest": f"sha256:{code.digest}",
        "reason": None,
    }


def test_a_setting_leaves_everything_to_onnx_runtime(
    model_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chosen: dict[bool, Any] = {}
    for wanted in (True, False):
        with caplog.at_level("INFO", logger="scoring"):
            assemble(Settings(model_dir=model_dir, machine_code=wanted))
        (record,) = [one for one in caplog.records if "evaluates the model" in one.getMessage()]
        chosen[wanted] = vars(record)["evaluator"]
        caplog.clear()
    assert (chosen[True]["name"], chosen[True]["reason"]) == ("machine code", None)
    assert (chosen[False]["name"], chosen[False]["reason"]) == (
        "ONNX Runtime",
        "SCORING_MACHINE_CODE is false",
    )
    assert (
        read_settings({"SCORING_MACHINE_CODE": "false", "SCORING_ALLOW_ANONYMOUS": "1"}).machine_code is False
    )


def test_without_machine_code_everything_is_answered_the_same(code: MachineCode, artifact: Artifact) -> None:
    answers: list[Any] = []
    for which in (code, Absent("SCORING_MACHINE_CODE is false")):
        monitor = DriftMonitor(artifact.drift, DriftRules(), Pace())
        chosen = evaluator.choose(artifact, which)
        scorer = Scorer(artifact, monitor, ModelIdentity(), 100, chosen)
        scorer.self_test()
        answers.append(
            orjson.loads(scorer.body(scorer.score(scorer.encode(dict(artifact.samples.request))), "x"))
        )
    ours, theirs = answers
    assert list(ours) == list(theirs)
    assert (ours["drift"], ours["model"], ours["request_id"]) == (theirs["drift"], theirs["model"], "x")
    for name, number in (("predictions", "probability"), ("outliers", "score")):
        for one, other in zip(ours[name], theirs[name], strict=True):
            assert one[number] == pytest.approx(other[number], rel=0.0, abs=TOLERANCE)
            assert {**one, number: 0} == {**other, number: 0}


@pytest.mark.slow
def test_ten_million_rows(compiled: MachineComposite, reference: Composite, artifact: Artifact) -> None:
    """Within 1e-6 of ONNX Runtime; labels and flags differ only where a value is so near to its threshold."""
    found = ten_million(compiled, reference, artifact)
    assert found["rows"] == 10_000_000
    assert max(found["probability"], found["outlier score"]) <= TOLERANCE
    assert found["elsewhere"] == 0


def ten_million(
    compiled: MachineComposite, reference: Composite, artifact: Artifact, rows: int = 10_000_000
) -> dict[str, float]:
    """Greatest differences over rows within the limits, mixed of real ones, on thresholds, far away.

    `near`: how many labels and flags differ within 1e-6 of a threshold, `elsewhere`: beyond.
    """
    random = np.random.default_rng(14)
    schema, thresholds = artifact.schema, artifact.thresholds
    low, high = parity.limits(schema)
    graph = read(artifact.composite)
    forests = graph.margin, graph.outlier
    real = Encoder(schema, 1_000).encode(dict(artifact.samples.request))
    limits = np.float32(thresholds.decision), np.float32(thresholds.outlier)
    found = {"rows": 0, "probability": 0.0, "outlier score": 0.0, "near": 0, "elsewhere": 0}
    block = 100_000
    for number in range(rows // block):
        match number % 4:
            case 0:
                matrix = random.uniform(low, high, (block, schema.width)).astype(np.float32)
            case 1:  # mixtures of real rows
                matrix = real[random.integers(0, len(real), (block, schema.width)), np.arange(schema.width)]
            case 2:
                matrix = np.tile(rows_for(schema.width, forests), (block // PROBES + 1, 1))
                matrix = random.permuted(matrix, axis=0)[:block]
            case _:
                matrix = (random.standard_cauchy((block, schema.width)) * high / 50).astype(np.float32)
                matrix[random.random(matrix.shape) < 0.02] = np.nan
        matrix = np.ascontiguousarray(matrix)
        found["rows"] += block
        pairs = zip(
            ("probability", "outlier score"), compiled.run(matrix), reference.run(matrix), limits, strict=True
        )
        for name, ours, theirs, limit in pairs:
            found[name] = max(found[name], float(np.abs(ours.astype(np.float64) - theirs).max()))
            other = ((ours >= limit) != (theirs >= limit)) | ((ours > limit) != (theirs > limit))
            near = np.abs(theirs.astype(np.float64) - limit) <= TOLERANCE
            found["near"] += int((other & near).sum())
            found["elsewhere"] += int((other & ~near).sum())
    return found
