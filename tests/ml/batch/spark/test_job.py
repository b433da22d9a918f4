"""The Azure ML job of the Spark engine: its code, packages and arguments."""

from __future__ import annotations

import zipfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ml.batch import model as registered
from ml.batch.asked import Asked, Named
from ml.batch.run import Limits
from ml.batch.spark import job, main, serverless
from ml.batch.spark.engine import Model
from ml.batch.spark.main import _parser
from ml.batch.spark.settings import SparkSettings
from ml.errors import MlopsError
from ml.settings import settings
from tests.ml.cli.mlops_fakes import RecordingReport

ROOT = Path(__file__).resolve().parents[4]
DATA = "abfss://landing@lake.dfs.core.windows.net/rows"
OUTPUT = "abfss://predictions@lake.dfs.core.windows.net/batch/credit"


def of_job(model: Model, folder: Path, data: str, output: str) -> Any:
    name, _, version = model.name.partition(":")
    named = Named(name, version, str(model.release), str(model.digest))
    asked = Asked(named, data, output, "id")
    return job.entity(
        ROOT, folder, model.folder, asked, Limits(), SparkSettings(), "runs/answers/a.json", "stage", "credit"
    )


def made(model: Model, folder: Path, data: str = DATA) -> Any:
    return of_job(model, folder, data, OUTPUT)


def test_the_program_reads_its_arguments_and_the_code_has_all_that_it_imports(
    model: Model, tmp_path: Path
) -> None:
    entity = made(model, tmp_path / "code")
    given = _parser().parse_args(entity.args.split())
    assert (given.data, given.output, given.key, given.sign_in) == (DATA, OUTPUT, "id", "azureml")
    assert (given.model_digest, given.format, given.date) == (model.digest, "delta", None)
    assert (tmp_path / "code" / given.model / "manifest.json").exists()
    with zipfile.ZipFile(tmp_path / "code" / "code.zip") as archive:
        names = archive.namelist()
    assert {"ml/batch/spark/worker.py", "ml/batch/unit.py", "scoring/kernel/module.c"} <= set(names)
    assert not [name for name in names if name.startswith("tests/")]
    body = entity._to_job()._to_rest_object().properties
    assert body["resources"]["runtimeVersion"] == "3.5"
    assert body["conf"]["spark.executor.instances"] == "2"


def test_equal_content_is_an_equal_zip(model: Model, tmp_path: Path) -> None:
    for name in ("one", "two"):
        made(model, tmp_path / name)
    assert (tmp_path / "one" / "code.zip").read_bytes() == (tmp_path / "two" / "code.zip").read_bytes()


def test_the_packages_are_the_pins_without_the_runtime_s_own() -> None:
    found = serverless.conda((ROOT / serverless.REQUIREMENTS).read_text(), "batch-spark")
    (pins,) = [each["pip"] for each in found["dependencies"] if isinstance(each, dict)]
    names = [pin.partition("==")[0] for pin in pins]
    assert len(names) == len(set(names))
    assert {"deltalake", "onnxruntime", "pandas", "pyarrow"} <= set(names)
    assert not {"pyspark", "py4j", "delta-spark"} & set(names)


@pytest.mark.parametrize("data", ["abfss://a@b.dfs.core.windows.net/my rows", "a'b", "$HOME", ""])
def test_an_argument_that_would_be_taken_apart_is_refused(model: Model, tmp_path: Path, data: str) -> None:
    with pytest.raises(MlopsError, match="--data is"):
        made(replace(model), tmp_path / "code", data)


def test_how_long_another_run_is_waited_for_goes_with_it(model: Model) -> None:
    named = Named("credit", "1", str(model.release), str(model.digest))
    said = job._arguments(Asked(named, DATA, OUTPUT), Limits(wait_s=90.0), "runs/answers/a.json", "stage")
    assert _parser().parse_args(serverless.arguments(said.items()).split()).wait_s == 90.0


def test_here_the_report_is_told_what_the_run_says(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    report = RecordingReport()
    estate = SimpleNamespace(environment="stage")
    azure: Any = SimpleNamespace(estate=estate, report=report, settings=settings(), credential=None)
    asked = Asked(Named("credit", "1", str(model.release), str(model.digest)), DATA, OUTPUT)

    def batch(*_: Any, say: Any, **__: Any) -> dict[str, Any]:
        say("another run writes")
        return {}

    monkeypatch.setattr(main, "session_here", lambda: SimpleNamespace(stop=lambda: None))
    monkeypatch.setattr(registered, "downloaded", lambda *_: nullcontext(model.folder))
    monkeypatch.setattr(job, "batch", batch)
    assert job.here(azure, asked, lambda *_: None) == {}
    assert report.lines[-1] == "another run writes"
