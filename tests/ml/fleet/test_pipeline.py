"""The pipeline of a fleet: its components, its shape, and what is asked before it is submitted."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ml.commands.fleet import train
from ml.errors import MlopsError
from ml.fleet import pipeline
from ml.fleet.declaration import MOST_SHARDS, parse
from ml.fleet.pipeline import DIRECTORY, Declared
from ml.jobs.pipeline import Plan
from ml.jobs.snapshot import of_steps
from ml.sources.address import LocalFile
from ml.terminal.console import Report
from ml.terminal.subjects import app
from tests.ml.cli.test_mlops_pipeline import plan
from tests.scoring.trained import DATA

__all__ = ["plan"]
ROOT = Path(__file__).parents[3]
TEXT = 'name = "by-education"\nowner = "me"\nsplit = ["education"]\n'


@pytest.mark.parametrize("part", ["members", "gather"])
def test_azure_ml_loads_the_component_and_its_command_passes_everything(part: str) -> None:
    from azure.ai.ml import load_component

    file = DIRECTORY / part / "component.yml"
    loaded = load_component(file)
    assert loaded._validate().passed, loaded._validate().error_messages
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    assert found["command"].startswith(f"python -m ml.fleet.{part}.main --declaration fleet.toml ")
    used = dict(re.findall(r"--([a-z0-9-]+) \$\{\{(?:inputs|outputs)\.([a-z0-9_]+)\}\}", found["command"]))
    assert used == {name.replace("_", "-"): name for name in [*found["inputs"], *found["outputs"]]}
    assert (file.parent / found["code"]).resolve() == ROOT


def test_rows_are_prepared_once_and_each_share_of_the_members_is_a_step(plan: Plan) -> None:
    jobs = pipeline.assemble(plan, 3, "ab" * 32)._to_dict()["jobs"]
    assert list(jobs) == ["prepare", "validate", "train", "members_1", "members_2", "members_3", "gather"]
    for number in (1, 2, 3):
        given = jobs[f"members_{number}"]["inputs"]
        assert str(given["shard"]) == str(number)
        assert "train.outputs.model" in str(given["pooled"])
        shard = jobs["gather"]["inputs"][f"shard_{number}"]
        assert f"members_{number}.outputs.members" in str(shard)
    assert "shard_4" not in jobs["gather"]["inputs"]
    assert all(jobs[name]["identity"]["client_id"] == "client" for name in jobs)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ("credit-default:3", "azureml:credit-default:3"),
        ("azureml://datastores/x/paths/rows.parquet", "azureml://datastores/x/paths/rows.parquet"),
    ],
)
def test_the_rows_are_an_asset_or_what_stands_at_a_path(plan: Plan, data: str, path: str) -> None:
    made: Any = pipeline.assemble(replace(plan, data_asset=data), 1, "unknown")
    assert made.inputs["raw"].path == path


def test_there_may_be_as_many_steps_as_the_component_has_inputs(plan: Plan) -> None:
    jobs = pipeline.assemble(plan, MOST_SHARDS, "ab" * 32)._to_dict()["jobs"]
    assert len(jobs) == 4 + MOST_SHARDS


def test_the_code_that_is_sent_has_the_steps_of_both_kinds() -> None:
    files = of_steps(ROOT, pipeline.STEPS, pipeline.PACKAGES).files
    assert {"ml/fleet/gather/component.yml", "ml/fleet/members/main.py", "ml/steps/train/main.py"} <= set(
        files
    )
    assert "scoring/fleet/stored.py" in files


def _planned(text: str) -> Any:
    azure: Any = SimpleNamespace(report=Report(quiet=True))
    return train.planned(azure, LocalFile(DATA), Declared(parse(text), text))


def test_members_are_counted_before_anything_starts() -> None:
    found = {one.key: one.reason for one in _planned(TEXT)}
    assert [key for key, reason in found.items() if not reason] == ["1", "2", "3"]
    assert found["0"] == "14 rows, 500 are needed"


def test_a_fleet_of_which_nobody_would_be_trained_is_not_started() -> None:
    with pytest.raises(MlopsError, match="No member of the fleet by-education has rows enough") as found:
        _planned(TEXT + "minimum_rows = 100000\n")
    assert found.value.details[0] == "0: 14 rows, 100000 are needed"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), ("name = 3", "is no declaration of a fleet")],
)
def test_a_wrong_declaration_is_named_before_the_stack_is_asked(
    tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "fleet.toml"
    if content is not None:
        file.write_text(content)
    done = CliRunner().invoke(app, ["fleet", "train", str(file), "--env", "nowhere"])
    assert done.exit_code == 1
    assert said in " ".join(done.output.split())


def test_a_change_of_a_member_is_checked_before_the_stack_is_asked() -> None:
    done = CliRunner().invoke(app, ["fleet", "release", "by-age", "--env", "nowhere", "--member", "30"])
    assert done.exit_code == 1
    assert "expected KEY=VERSION" in " ".join(done.output.split())
