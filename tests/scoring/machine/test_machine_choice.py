"""When the machine code evaluates a model, and when ONNX Runtime does."""

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

from scoring.assembly import assemble
from scoring.model import evaluator, machine
from scoring.model.artifact import Artifact
from scoring.model.drift import DriftRules
from scoring.model.evaluator import TOLERANCE
from scoring.model.graph import read
from scoring.model.machine import Absent, MachineCode
from scoring.model.probes import Probes
from scoring.model.typed_json import JsonShapeError, Node
from scoring.monitor import DriftMonitor, Pace
from scoring.scorer import Scorer
from scoring.settings import ModelIdentity, Settings
from scoring.settings import read as read_settings
from tests.scoring.conftest import Running


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
    assert list(ours) == list(theirs), (
        "Scorer.body writes answers in two ways, and both have the same members"
    )
    assert (ours["drift"], ours["model"], ours["request_id"]) == (theirs["drift"], theirs["model"], "x")
    for name, number in (("predictions", "probability"), ("outliers", "score")):
        for one, other in zip(ours[name], theirs[name], strict=True):
            assert one[number] == pytest.approx(other[number], rel=0.0, abs=TOLERANCE)
            assert {**one, number: 0} == {**other, number: 0}
