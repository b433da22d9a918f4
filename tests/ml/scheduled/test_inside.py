"""Inside a job: what it takes, what it writes, and what it needs of the training environment."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from ml.errors import MlopsError
from ml.jobs.closure import files_of
from ml.scheduled import inside
from ml.scheduled.inside import ANSWER, ESTATE
from ml.steps.compare.override import encoded
from tests.ml.cli.conftest import outputs

__all__ = ["outputs"]
ROOT = Path(__file__).parents[3]
WORKS = sorted(file.stem for file in (ROOT / "ml/scheduled/works").glob("*.py") if file.stem != "__init__")
PARTS = ("ml", "scoring", "infra")


@cache
def distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


@cache
def packages_imported(name: str) -> frozenset[str]:
    """The first parts of what this file imports: the works have most files in common."""
    found = set[str]()
    for node in ast.walk(ast.parse((ROOT / name).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    return frozenset(found)


@pytest.mark.parametrize("work", WORKS)
def test_the_training_environment_has_what_a_work_imports(work: str) -> None:
    pinned = (ROOT / "environments" / "requirements" / "training.txt").read_text()
    installed = set(re.findall(r"^([\w.-]+)==", pinned, re.M))
    found = distributions()
    sources = [
        name for name in files_of(ROOT, (f"ml.scheduled.works.{work}",), PARTS) if name.endswith(".py")
    ]
    wanted = set[str]().union(*map(packages_imported, sources))
    others = wanted - set(sys.stdlib_module_names) - {*PARTS, "scoring_kernel", "azure"}
    missing = {
        name
        for name in others
        if not installed & {re.sub("[-_.]+", "-", one).lower() for one in found.get(name, [])}
    }
    assert not missing, (
        "import it where it is used and a job does not come, or name it in the group `training`"
    )


def test_the_work_of_feature_tables_takes_their_definitions_with_it() -> None:
    sent = files_of(ROOT, ("ml.scheduled.works.features",), PARTS)
    there = {file.relative_to(ROOT).as_posix() for file in (ROOT / "ml/features/definitions").glob("*.toml")}
    assert there
    assert there <= set(sent)


@pytest.mark.parametrize("work", WORKS)
def test_each_work_is_a_program(work: str) -> None:
    assert callable(import_module(f"ml.scheduled.works.{work}").work)
    text = (ROOT / f"ml/scheduled/works/{work}.py").read_text()
    assert text.endswith("sys.exit(inside.main(work))\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outputs: dict[str, Any]) -> Path:
    (tmp_path / ESTATE).write_text(json.dumps(outputs))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_answer_of_a_work_is_the_job_s_output(folder: Path) -> None:
    asked = '{"data": "a b; $(touch x)"}'
    given = ["--asked", encoded(asked), "--answer", str(folder / "out")]
    assert inside.main(lambda azure, said: {"said": said, "in": azure.estate.environment}, given) == 0
    assert json.loads((folder / "out" / ANSWER).read_text()) == {"said": asked, "in": "stage"}


def test_a_failure_is_told_in_words_and_by_the_exit_code(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(*_: Any) -> dict[str, Any]:
        raise MlopsError("The rows are gone.", "Bring them back.", ["a detail"])

    assert inside.main(work, ["--asked", "x", "--answer", str(folder / "out")]) == 1
    assert capsys.readouterr().err == "error: The rows are gone.\na detail\nwhat to do: Bring them back.\n"
    assert not (folder / "out").exists()


def test_a_mistake_of_the_program_keeps_its_traceback(folder: Path) -> None:
    def work(*_: Any) -> dict[str, Any]:
        raise KeyError("x")

    with pytest.raises(KeyError):
        inside.main(work, ["--asked", "x", "--answer", str(folder / "out")])
