"""Builds by Spark as a job of Azure ML: what it is given, and what it is not made for."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from ml.batch.spark import job as batches
from ml.commands.features import build
from ml.commands.features import join as command
from ml.errors import MlopsError
from ml.features import engines
from ml.features.definition import chosen, parsed, read_all
from ml.features.sources import Sources
from ml.features.spark import job, join, main
from ml.features.training import choices
from ml.settings import settings
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.ml.features.test_commands import words

ROOT = Path(__file__).resolve().parents[4]
LAKE = "abfss://tables@lake.dfs.core.windows.net"
SOURCES = Sources(ROOT, "lake", None, {"credit-default": f"{LAKE}/clients"})


def azure() -> Any:
    estate = SimpleNamespace(environment="stage", data_lake="lake")
    return SimpleNamespace(estate=estate, report=RecordingReport(), settings=settings(), credential=None)


def test_the_program_reads_its_arguments_and_finds_its_definitions(tmp_path: Path) -> None:
    made = job.job(azure(), ROOT, chosen([]), f"{LAKE}/features", SOURCES)
    entity = made.entity(tmp_path)
    given = main._parser().parse_args(entity.args.split())
    assert given.tables.split(",") == list(read_all())
    assert (given.where, given.data_lake, given.sign_in) == (f"{LAKE}/features", "lake", "azureml")
    assert given.source == [f"credit-default={LAKE}/clients"]
    assert given.answer == f"answers/{made.key}.json"
    code = tmp_path / "code"
    for name in given.tables.split(","):
        assert parsed(code / given.definitions / f"{name}.toml").name == name
    with zipfile.ZipFile(code / "code.zip") as archive:
        sent = set(archive.namelist())
    assert {"ml/features/spark/files.py", "ml/features/transform.py", "ml/batch/places.py"} <= sent
    body = entity._to_job()._to_rest_object().properties
    assert (body["entry"]["file"], body["resources"]["runtimeVersion"]) == (job.BUILD.entry, "3.5")


@pytest.mark.parametrize(
    ("where", "given", "said"),
    [
        (f"{LAKE}/features", {}, "data/credit_default.parquet, which client_profile reads"),
        ("tables", SOURCES.given, "cannot reach tables"),
    ],
)
def test_what_a_job_cannot_reach_is_refused(where: str, given: Any, said: str) -> None:
    with pytest.raises(MlopsError) as caught:
        job.job(azure(), ROOT, chosen([]), where, Sources(ROOT, "lake", None, given))
    assert said in caught.value.problem
    assert "--here" in caught.value.remedy


def test_a_job_that_has_ended_stands_for_no_other() -> None:
    assert job.job(azure(), ROOT, chosen([]), f"{LAKE}/features", SOURCES).state == ""


@pytest.mark.parametrize(
    ("asked", "here", "size", "engine", "in_process", "said"),
    [
        ("auto", False, 10**9, "machine", True, "1 GB, within the 100 GB"),
        ("auto", False, 10**12, "machine", True, "outside the estate's network"),
        ("auto", False, None, "machine", True, "cannot be looked at"),
        ("machine", False, None, "machine", True, "as --engine says"),
        ("spark", False, None, "spark", False, "outside the estate's network"),
        ("spark", True, None, "spark", True, "as --engine says"),
    ],
)
def test_an_engine_is_chosen_and_said_why(
    asked: str, here: bool, size: int | None, engine: str, in_process: bool, said: str
) -> None:
    choice = engines.choose(asked, here, size, 100.0)
    assert (choice.engine, choice.here) == (engine, in_process)
    assert said in choice.why


def test_an_engine_that_there_is_not_is_refused() -> None:
    with pytest.raises(MlopsError, match="--engine 'duckdb' is none"):
        engines.check("duckdb")


def test_the_sources_are_weighed_once_each() -> None:
    file = ROOT / "data" / "credit_default.parquet"
    assert engines.size(chosen([]), Sources(ROOT)) == file.stat().st_size
    assert engines.size(chosen([]), Sources(ROOT / "data")) is None


@pytest.mark.parametrize("place", ["lake://raw/rows", "damaged"])
def test_a_source_that_is_nowhere_is_left_to_the_build_of_its_table(tmp_path: Path, place: str) -> None:
    log = tmp_path / "damaged" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("{")
    given = {name: place for table in chosen([]) for name in (one.data_set for one in table.sources.values())}
    assert engines.size(chosen([]), Sources(tmp_path, given=given)) is None


def test_what_a_job_has_built_is_shown_as_what_was_built_here() -> None:
    counts = dict.fromkeys(("rows", "late", "corrected", "overtaken", "early"), 1)
    one = {"table": "spending", "version": 1, "counts": counts, "rows": 2, "keys": 1}
    answer = {
        "environment": "stage",
        "tables": LAKE,
        "built": [{**one, "newest": "2026-01-01 05:00:00+00:00"}],
    }
    assert "2026-01-01 05:00" in words(build.render(json.loads(json.dumps(answer))))
    assert "follows it" in str(build.render({"job": "j", "status": "Running"}))


def test_the_program_of_a_join_reads_its_arguments(tmp_path: Path) -> None:
    asked = job.Joining(
        f"{LAKE}/spine",
        "asked",
        ("client_profile:age,sex", "payment_history"),
        ("asked",),
        f"{LAKE}/set.parquet",
    )
    made = job.join(azure(), ROOT, asked, f"{LAKE}/features")
    entity = made.entity(tmp_path)
    given = join._parser().parse_args(entity.args.split())
    assert (given.spine, given.time, given.drop) == (asked.spine, "asked", ["asked"])
    assert (given.where, given.to) == (f"{LAKE}/features", asked.to)
    wanted = choices(given.features, tmp_path / "code" / given.definitions, parsed)
    assert [(one.table.name, one.features[0]) for one in wanted] == [
        ("client_profile", "age"),
        ("payment_history", "pay_0"),
    ]
    assert entity._to_job()._to_rest_object().properties["entry"]["file"] == job.JOIN.entry


@pytest.mark.parametrize("away", ["spine", "to"])
def test_a_join_that_a_job_cannot_reach_is_refused(away: str) -> None:
    given = {"spine": f"{LAKE}/spine", "to": f"{LAKE}/set.parquet", away: "here.parquet"}
    asked = job.Joining(given["spine"], "asked", ("client_profile",), (), given["to"])
    with pytest.raises(MlopsError, match=r"cannot reach here\.parquet"):
        job.join(azure(), ROOT, asked, f"{LAKE}/features")


def test_a_join_in_this_process_writes_no_file_of_the_lake() -> None:
    with pytest.raises(typer.Exit):
        command.command("stage", "spine.parquet", "asked", ["client_profile"], f"{LAKE}/set.parquet")


@pytest.mark.parametrize("entry", [job.BUILD.entry, job.JOIN.entry, batches.ENTRY])
def test_no_file_beside_a_program_is_named_as_a_module_of_python(entry: str) -> None:
    """A program's folder comes first on its path: such a file would be imported in the module's place."""
    beside = {file.stem for file in (ROOT / entry).parent.glob("*.py")}
    assert not beside & sys.stdlib_module_names
