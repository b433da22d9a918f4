"""The component files: what Azure ML reads must fit what the steps' programs take."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.jobs.pipeline import STEPS, STEPS_DIRECTORY
from ml.jobs.snapshot import of_steps
from ml.steps.files import TEST, TRAIN
from ml.steps.train.space import ALLOWED, SPACE, START
from tests.scoring.trained import DATA, data_set

ROOT = Path(__file__).parents[3]


def component(step: str) -> dict[str, Any]:
    return yaml.safe_load((STEPS_DIRECTORY / step / "component.yml").read_text())


def output(step: str) -> str:
    (name,) = component(step)["outputs"]
    return name


def test_every_step_is_in_the_pipeline() -> None:
    folders = {file.parent.name for file in STEPS_DIRECTORY.glob("*/main.py")}
    assert folders == set(STEPS), (
        "each folder of ml/steps/ with a main.py is a step: name it in STEPS of ml/jobs/pipeline.py, "
        f"and in joined there. Only one of the two has {sorted(folders ^ set(STEPS))}"
    )


def test_the_training_environment_has_what_the_steps_import() -> None:
    """And nothing that only the command line needs: it is installed wherever an image is built anew."""
    pinned = (ROOT / "environments" / "requirements" / "training.txt").read_text()
    installed = set(re.findall(r"^([\w.-]+)==", pinned, re.M))
    sources = [text for name, text in of_steps(ROOT, STEPS).files.items() if name.endswith(".py")]
    nodes = [node for text in sources for node in ast.walk(ast.parse(text))]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom) if not node.level}
    others = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"ml", "scoring"}
    found = packages_distributions()
    missing = {
        name
        for name in others - {"scoring_kernel", "azure"}
        if not installed & {re.sub("[-_.]+", "-", one).lower() for one in found[name]}
    }
    assert not missing, "name it in the group `training` of pyproject.toml, then `make lock`"
    assert {"azure-ai-ml", "azure-identity"} <= installed
    assert not {"kubernetes", "typer", "boto3"} & installed


@pytest.mark.parametrize("step", STEPS)
def test_azure_ml_loads_the_component(step: str) -> None:
    from azure.ai.ml import load_component

    loaded = load_component(STEPS_DIRECTORY / step / "component.yml")
    assert loaded.name == step
    assert loaded._validate().passed, loaded._validate().error_messages
    assert list(loaded.outputs) == [output(step)]


@pytest.mark.parametrize("step", STEPS)
def test_the_command_passes_each_input_and_output_by_its_flag(step: str) -> None:
    found = component(step)
    assert found["command"].startswith(f"python -m ml.steps.{step}.main ")
    used = dict(re.findall(r"--([a-z0-9-]+) \$\{\{(?:inputs|outputs)\.([a-z0-9_]+)\}\}", found["command"]))
    names = [*found["inputs"], *found["outputs"]]
    assert used == {name.replace("_", "-"): name for name in names}
    assert (ROOT / "ml" / "steps" / step / found["code"]).resolve() == ROOT


@pytest.mark.parametrize("step", STEPS)
def test_the_program_takes_exactly_these_flags(step: str, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        import_module(f"ml.steps.{step}.main").main(["--help"])
    assert caught.value.code == 0
    flags = set(re.findall(r"--([a-z0-9-]+)", capsys.readouterr().out)) - {"help"}
    found = component(step)
    declared = {name.replace("_", "-") for name in [*found["inputs"], *found["outputs"]]}
    folder = f"ml/steps/{step}"
    assert not declared - flags, f"{folder}/main.py takes no {sorted(declared - flags)} of its component.yml"
    assert not flags - declared, f"{folder}/component.yml has no {sorted(flags - declared)} of its main.py"


def test_the_step_takes_of_boosting_what_its_component_does() -> None:
    inputs = component("train")["inputs"]
    assert set(ALLOWED) == {dimension.name for dimension in SPACE}
    for name, limits in ALLOWED.items():
        assert (inputs[name]["min"], inputs[name]["max"]) == limits
        assert limits[0] <= inputs[name]["default"] == START[name] <= limits[1]


def run(step: str, cwd: Path, **values: object) -> subprocess.CompletedProcess[str]:
    flags = [part for name, value in values.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    return subprocess.run(
        [sys.executable, "-m", f"ml.steps.{step}.main", *flags],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
    )


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code as a job sees it: what the steps need and nothing else of the repository."""
    return of_steps(ROOT, STEPS).write(tmp_path_factory.mktemp("snapshot"))


@pytest.mark.e2e
def test_steps_run_as_jobs_do(snapshot: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw.parquet"
    data_set().sample(2_000, random_state=3).to_parquet(raw)
    chain: list[tuple[str, dict[str, object]]] = [
        ("prepare", {"raw": raw, "test_fraction": 0.2}),
        ("validate", {"prepared": tmp_path / "prepared"}),
        ("train", {"validated": tmp_path / "validated", "seed": 1, "trials": 2}),
        ("evaluate", {"model": tmp_path / "model", "validated": tmp_path / "validated"}),
        (
            "card",
            {
                **{name: tmp_path / name for name in ("model", "validated")},
                "bounds": "minimum_roc_auc=0.99",
                **dict.fromkeys(("model_name", "data_asset", "data_sha256", "code_commit"), "x"),
                "environment": "training:1",
            },
        ),
    ]
    for step, inputs in chain:
        done = run(step, snapshot, **inputs, **{output(step): tmp_path / output(step)})
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "evaluation" / "metrics.json").exists()
    assert "minimum_roc_auc" in done.stdout and "BROKEN" in done.stdout


@pytest.mark.e2e
def test_broken_data_fails_the_job_by_name(snapshot: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw.parquet"
    frame = data_set().head(2_000)
    frame.assign(age=frame["age"].where(frame["id"] != 77, 500)).to_parquet(raw)
    assert (
        run("prepare", snapshot, raw=raw, test_fraction=0.2, prepared=tmp_path / "prepared").returncode == 0
    )
    done = run("validate", snapshot, prepared=tmp_path / "prepared", validated=tmp_path / "validated")
    assert done.returncode == 1
    assert "column age: from 18 to 120: 1 rows, for example 500 in the row with id 77" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_committed_data_set_is_the_one_described() -> None:
    frame = data_set()
    assert (len(frame), int(frame["default"].sum())) == (30_000, 6_636)
    assert "CC BY 4.0" in (DATA.parent / "README.md").read_text()
    assert {TRAIN, TEST} == {"train.parquet", "test.parquet"}
