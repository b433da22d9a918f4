"""A model as a package: its bytes, and the answers of what is installed from it."""

from __future__ import annotations

import ast
import base64
import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ml.batch import released
from ml.commands import wheel as command
from ml.deploy import image
from ml.errors import MlopsError
from ml.jobs.closure import files_of
from ml.wheel.build import LIBRARY, NEEDED, Origin, Wheel, build, within
from scoring.library import Model
from scoring.model import evaluator, machine
from scoring.model.artifact import Artifact, ArtifactError
from scoring.model.defects import ContractError
from scoring.model.drift import DriftRules
from scoring.model.machine import Absent
from scoring.monitor import DriftMonitor, Pace
from scoring.scorer import Scorer
from scoring.settings import ModelIdentity
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.ml.wheel.conftest import ORIGIN, ROOT
from tests.scoring.trained import small

# A program that has the wheel and no checkout: what it prints is the answer and where its code comes from.
PROGRAM = """
import json, sys
import credit_default
from credit_default.scoring.model import machine
rows = json.load(sys.stdin)
if sys.argv[1:] == ["onnxruntime"]:
    machine.found = lambda: machine.Absent("not asked for")
answer = credit_default.score(rows)
explained = credit_default.explain(rows[:3])
try:
    credit_default.score([{}])
except credit_default.ContractError as error:
    refused = str(error)
own = sorted(name for name in sys.modules if name.split(".")[0] in ("scoring", "ml"))
evaluated = credit_default.model().evaluator.name
print(json.dumps([answer, explained, refused, own, evaluated, credit_default.__file__]))
"""


def records(artifact: Artifact) -> list[dict[str, Any]]:
    return artifact.schema.records(small().test_matrix[:200])


def served(artifact: Artifact, rows: list[dict[str, Any]], machine_code: bool) -> dict[str, Any]:
    """What the service answers, as a caller reads it."""
    chosen = evaluator.choose(artifact, machine.found() if machine_code else Absent("not asked for"))
    scorer = Scorer(
        artifact, DriftMonitor(artifact.drift, DriftRules(), Pace()), ModelIdentity(), 5_000, chosen
    )
    return json.loads(scorer.body(scorer.score(scorer.encode({"records": rows})), "0"))


def asked(python: str, path: str, rows: list[dict[str, Any]], *how: str) -> list[Any]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", PROGRAM, *how],
        input=json.dumps(rows),
        env={**environment, "PYTHONPATH": path},
        cwd=Path(path).parent if path else None,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def unpacked(wheel: Wheel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked") / "lib"
    with zipfile.ZipFile(io.BytesIO(wheel.content)) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.parametrize("how", ["machine code", "onnxruntime"])
def test_it_answers_as_the_service_to_the_last_bit(unpacked: Path, artifact: Artifact, how: str) -> None:
    rows = records(artifact)
    by_code = how == "machine code" and not isinstance(machine.found(), Absent)
    expected = served(artifact, rows, by_code)
    words = () if how == "machine code" else (how,)
    answer, explained, refused, own, evaluated, file = asked(sys.executable, str(unpacked), rows, *words)
    assert {name: answer[name] for name in ("predictions", "outliers")} == {
        name: expected[name] for name in ("predictions", "outliers")
    }
    assert evaluated == ("machine code" if by_code else "ONNX Runtime")
    assert answer["model"]["release"] == ORIGIN.release and answer["model"]["digest"] == artifact.digest
    assert own == [] and Path(file).is_relative_to(unpacked)
    assert "break the input contract" in refused
    margins = np.array(explained["margins"])
    probabilities = [each["probability"] for each in expected["predictions"][:3]]
    assert 1 / (1 + np.exp(-margins)) == pytest.approx(probabilities, abs=1e-5)
    sums = [explained["base"] + sum(each.values()) for each in explained["contributions"]]
    assert sums == pytest.approx(margins.tolist())


def test_the_same_release_and_code_are_the_same_bytes(
    wheel: Wheel, model_folder: Path, tmp_path: Path
) -> None:
    assert build(ROOT, model_folder, ORIGIN) == wheel
    assert wheel.name == "credit_default-3+r.0123456789abcdef-py3-none-any.whl"
    other = build(ROOT, model_folder, Origin("credit-default", "4", "r-0123456789abcdef"))
    assert other.sha256 != wheel.sha256
    assert wheel.write(tmp_path / "new").read_bytes() == wheel.content
    assert [file.name for file in (tmp_path / "new").iterdir()] == [wheel.name]


def test_its_record_names_each_file_with_its_digest(wheel: Wheel, artifact: Artifact) -> None:
    with zipfile.ZipFile(io.BytesIO(wheel.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    info = "credit_default-3+r.0123456789abcdef.dist-info"
    listed = dict(line.split(",", 1) for line in files[f"{info}/RECORD"].decode().splitlines())
    assert set(listed) == set(files)
    for name, content in files.items():
        if name != f"{info}/RECORD":
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert listed[name] == f"sha256={digest},{len(content)}"
    assert {name.partition("/")[0] for name in files} == {"credit_default", info}
    told = files[f"{info}/METADATA"].decode()
    assert "Name: credit-default\nVersion: 3+r.0123456789abcdef\n" in told
    assert "Requires-Python: >=3.11,<3.14" in told
    assert [line.split(">")[0] for line in told.splitlines() if line.startswith("Requires-Dist")] == [
        f"Requires-Dist: {name}" for name in NEEDED
    ]
    assert artifact.composite == files["credit_default/model/composite.onnx"]


def test_it_states_what_its_code_imports() -> None:
    """A module of scoring that begins to need another package is noticed here."""
    found = set[str]()
    for name in files_of(ROOT, (LIBRARY,)):
        if name.endswith(".py"):
            for node in ast.walk(ast.parse((ROOT / name).read_text())):
                if isinstance(node, ast.Import):
                    found |= {each.name.partition(".")[0] for each in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    found.add(str(node.module).partition(".")[0])
    assert found - set(sys.stdlib_module_names) == {*NEEDED, "scoring"}


@pytest.mark.parametrize("name", ["json", "numpy", "scoring", "3-days", "class"])
def test_a_name_that_is_no_package_is_refused(name: str) -> None:
    with pytest.raises(MlopsError, match=f"A model named {name} would be the package"):
        _ = Origin(name, "1", "r-0").package


def test_imports_are_those_of_the_package() -> None:
    source = b"from scoring.model import x\nif 1:\n    from scoring import y\nimport json\n"
    assert within(source, "p", "a.py") == (
        b"from p.scoring.model import x\nif 1:\n    from p.scoring import y\nimport json\n"
    )
    assert within(source, "p", "a.h") == source
    with pytest.raises(MlopsError, match=r"a\.py, line 1, imports scoring whole"):
        within(b"import scoring.model\n", "p", "a.py")


def test_the_library_takes_columns_too(model_folder: Path, artifact: Artifact) -> None:
    model = Model(model_folder)
    rows = records(artifact)[:20]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    assert model.score(columns) == model.score(rows)
    with pytest.raises(ContractError):
        model.score([{**rows[0], "more": 1}])


def test_without_any_evaluator_it_says_what_to_install(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scoring.model.composite", None)
    with pytest.raises(ArtifactError, match=r"neither machine code nor ONNX Runtime .* install onnxruntime"):
        evaluator.choose(artifact, Absent("none"))


def test_the_command(
    model_folder: Path, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = SimpleNamespace(model_name="credit-default", model_version="3", id=ORIGIN.release)
    record = SimpleNamespace(release=release, evidence=SimpleNamespace(context_sha256="this checkout"))
    monkeypatch.setattr(image, "scoring_context", lambda *given: SimpleNamespace(sha256="this checkout"))

    @contextlib.contextmanager
    def downloaded(azure: Any, wanted: str | None) -> Iterator[tuple[Any, Path]]:
        assert wanted == ORIGIN.release
        yield record, model_folder

    monkeypatch.setattr(released, "downloaded", downloaded)
    azure: Any = SimpleNamespace(report=RecordingReport(), estate=SimpleNamespace(environment="stage"))
    answer = command.wheel(azure, ROOT, ORIGIN.release, tmp_path, machine_code=False)
    assert answer["code_of_the_image"] is True and answer["package"] == "credit_default"
    assert hashlib.sha256(Path(answer["files"][0]).read_bytes()).hexdigest() == answer["sha256"]
    record.evidence.context_sha256 = "another"
    assert (
        command.wheel(azure, ROOT, ORIGIN.release, tmp_path, machine_code=False)["sha256"] == answer["sha256"]
    )
    assert "the code of this checkout is not that of the image" in azure.report.lines[-1]
    json.dumps(answer)
    command.render(answer)


@pytest.mark.slow
def test_pip_installs_it_into_an_environment_of_its_own(
    wheel: Wheel, artifact: Artifact, tmp_path: Path
) -> None:
    """With the packages that it asks for, and the machine code as a second wheel."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = str(home / "bin" / "python")
    site = Path(subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
                               capture_output=True, text=True, check=True).stdout.strip())  # fmt: skip
    held = Path(sysconfig.get_paths()["purelib"])
    needed = (*NEEDED, "protobuf", "google", "flatbuffers", "packaging", "coloredlogs", "sympy", "mpmath")
    for name in needed:
        for part in (*held.glob(name), *held.glob(f"{name}-*.dist-info"), *held.glob(f"{name}.libs")):
            (site / part.name).symlink_to(part)
    files = [wheel.write(tmp_path)]
    if not isinstance(machine.found(), Absent):
        files.append(command.kernel(tmp_path))
    pip = [sys.executable, "-m", "pip", "--python", python]
    install = [*pip, "install", "--no-index", "--no-deps", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*install, *map(str, files)], check=True)
    checked = subprocess.run([*pip, "check"], capture_output=True, text=True)
    assert "credit-default" not in checked.stdout, checked.stdout
    rows = records(artifact)
    answer, *_, evaluated, file = asked(python, "", rows)
    assert Path(file).is_relative_to(home)
    expected = served(artifact, rows, machine_code=evaluated == "machine code")
    assert answer["predictions"] == expected["predictions"] and answer["outliers"] == expected["outliers"]
    assert len(files) == 1 or evaluated == "machine code"
