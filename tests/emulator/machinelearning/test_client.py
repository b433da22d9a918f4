"""The real MLClient against a running emulator: pipelines, failures, cancellation, restart, models."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emulator import environment
from emulator.home import Home
from ml.azure import models
from ml.azure.clients import Azure
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.client import arm_writer, emulator, until, wait
from tests.emulator.machinelearning.sources import ASK, PIPELINE, PREPARE, TRAIN
from tests.ml.cli.mlops_fakes import RecordingReport

pytestmark = pytest.mark.e2e

DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"  # AzureML Data Scientist


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A running emulator with the estate; this process is its client."""
    root = tmp_path_factory.mktemp("emulator")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMULATOR_HOME", str(root))
        emulator("up")
        home = Home.default()
        try:
            for key, value in environment.applied(home).items():
                patch.setenv(key, value)
            estate.build(arm_writer())
            yield home
        finally:
            emulator("down")


@pytest.fixture(scope="module")
def ml(home: Home) -> Any:
    from azure.ai.ml import MLClient
    from azure.identity import EnvironmentCredential

    return MLClient(
        EnvironmentCredential(),
        estate.SUBSCRIPTION,
        estate.GROUP_NAME,
        estate.WORKSPACE_NAME,
        show_progress=False,
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sources")
    for name, text in (("prepare", PREPARE), ("train", TRAIN)):
        (root / name).mkdir()
        (root / name / "main.py").write_text(textwrap.dedent(text))
    (root / "raw.txt").write_text("1\n2\n3\n")
    return root


@pytest.fixture(scope="module")
def pipeline(ml: Any, sources: Path) -> Any:
    """A pipeline of two steps that has run: its job, and what streaming it showed."""
    from azure.ai.ml import Input, Output, command, dsl
    from azure.ai.ml.entities import Data

    ml.data.create_or_update(Data(name="raw", version="1", type="uri_file", path=str(sources / "raw.txt")))
    prepare = command(
        name="prepare",
        code=str(sources / "prepare"),
        command="python main.py --raw ${{inputs.raw}} --out ${{outputs.out}} --factor ${{inputs.factor}}",
        environment="azureml:plain:1",
        inputs={"raw": Input(type="uri_file"), "factor": Input(type="number", default=2.0)},
        outputs={"out": Output(type="uri_folder")},
    )
    train = command(
        name="train",
        code=str(sources / "train"),
        command="python main.py --rows ${{inputs.rows}} --model ${{outputs.model}} "
        "$[[--rate ${{inputs.rate}}]]",
        environment="azureml:plain:1",
        environment_variables={"FLAVOUR": "vanilla"},
        inputs={"rows": Input(type="uri_folder"), "rate": Input(type="number", optional=True)},
        outputs={"model": Output(type="custom_model")},
    )

    @dsl.pipeline(name="line", compute="cpu", experiment_name="tests")
    def line(raw, factor):  # the SDK reads annotations itself and knows none of typing
        prepared = prepare(raw=raw, factor=factor)
        trained = train(rows=prepared.outputs.out)
        return {"model": trained.outputs.model}

    return ml.jobs.create_or_update(line(raw=Input(type="uri_file", path="azureml:raw:1"), factor=10.0))


def test_pipeline_runs_and_streams(ml: Any, pipeline: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ml.jobs.stream(pipeline.name)
    shown = capsys.readouterr().out
    assert "prepare: running" in shown or "prepared: running" in shown
    assert "trained: completed in" in shown
    assert ml.jobs.get(pipeline.name).status == "Completed"
    children = {child.display_name: child for child in ml.jobs.list(parent_job_name=pipeline.name)}
    assert {name: child.status for name, child in children.items()} == {
        "prepared": "Completed",
        "trained": "Completed",
    }


def test_outputs_and_logs_are_downloaded(ml: Any, pipeline: Any, tmp_path: Path) -> None:
    wait(ml, pipeline.name)
    ml.jobs.download(pipeline.name, download_path=tmp_path / "out", output_name="model")
    assert (tmp_path / "out" / "named-outputs" / "model" / "model.json").read_text() == (
        '{"mean": 20.0, "rate": null, "flavour": "vanilla"}'
    )
    child = next(iter(ml.jobs.list(parent_job_name=pipeline.name)))
    ml.jobs.download(child.name, download_path=tmp_path / "logs")
    assert (tmp_path / "logs" / "artifacts" / "user_logs" / "std_log.txt").exists()


def test_model_is_registered_from_a_jobs_output(ml: Any, pipeline: Any, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    wait(ml, pipeline.name)
    path = f"azureml://jobs/{pipeline.name}/outputs/model"
    model = ml.models.create_or_update(
        Model(name="mean", type="custom_model", path=path, tags={"metric": "1"})
    )
    assert model.version == "1"
    assert "/datastores/workspaceblobstore/paths/azureml/" in model.path
    ml.models.download("mean", "1", str(tmp_path))
    assert [found.name for found in tmp_path.rglob("*.json")] == ["model.json"]
    assert ml.models.create_or_update(Model(name="mean", type="custom_model", path=path)).version == "2"
    assert ml.models.get("mean", label="latest").version == "2"
    ml.models.archive("mean", version="2")
    assert [item.version for item in ml.models.list("mean")] == ["1"]


def test_a_model_is_found_fetched_and_tagged_without_the_sdk(ml: Any, tmp_path: Path) -> None:
    """By the requests that commands send which start no job; the SDK sees the same, before and after."""
    from azure.ai.ml.entities import Model

    (tmp_path / "sent" / "card").mkdir(parents=True)
    for name in ("model.json", "card/card.html"):
        (tmp_path / "sent" / name).write_text(name)
    sent = Model(name="fetched", type="custom_model", path=str(tmp_path / "sent"), properties={"p": "1"})
    ml.models.create_or_update(sent)
    scope: Any = SimpleNamespace(
        subscription_id=estate.SUBSCRIPTION,
        resource_group=estate.GROUP_NAME,
        workspace=estate.WORKSPACE_NAME,
    )
    azure = Azure(scope, RecordingReport())
    found = models.find(azure, "fetched:1")
    models.download(azure, found, tmp_path / "got")
    got = [path.relative_to(tmp_path / "got") for path in (tmp_path / "got").rglob("*.*")]
    assert sorted(map(str, got)) == ["card/card.html", "model.json"]
    assert models.tag(azure, found, {"release-stage": "r-1"}).tags == {"release-stage": "r-1"}
    kept = ml.models.get("fetched", version="1")
    assert (kept.tags, kept.properties, kept.path) == ({"release-stage": "r-1"}, {"p": "1"}, found.uri)


def test_whoever_erases_a_persons_rows_hears_of_models_that_are_archived(ml: Any, tmp_path: Path) -> None:
    """They hold what they learned, too."""
    from azure.ai.ml.entities import Model

    from ml.commands.forget import trained

    (tmp_path / "model.json").write_text("{}")
    for name in ("whole", "whole", "one"):
        learned = {"lineage.data_sha256": name}
        ml.models.create_or_update(
            Model(name=name, type="custom_model", path=str(tmp_path / "model.json"), properties=learned)
        )
    ml.models.archive("one", version="1")
    ml.models.archive("whole")
    scope: Any = SimpleNamespace(
        subscription_id=estate.SUBSCRIPTION,
        resource_group=estate.GROUP_NAME,
        workspace=estate.WORKSPACE_NAME,
    )
    found = {one.name: one.sha256 for one in trained(Azure(scope, RecordingReport()))}
    assert {"whole:1": "whole", "whole:2": "whole", "one:1": "one"}.items() <= found.items()


def test_same_code_is_uploaded_once(ml: Any, sources: Path) -> None:
    from azure.ai.ml import command

    def run(name: str) -> Any:
        job = command(
            name=name, code=str(sources / "train"), command="ls", environment="azureml:plain:1", compute="cpu"
        )
        return ml.jobs.create_or_update(job)

    assert run("once").code == run("twice").code


def test_failing_command_tells_step_exit_code_and_log(ml: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.exceptions import JobException

    job = command(command="echo before the end; exit 3", environment="azureml:plain:1", compute="cpu")
    created = ml.jobs.create_or_update(job)
    with pytest.raises(JobException, match=r"exit code 3(?s:.*)before the end"):
        ml.jobs.stream(created.name)
    assert "before the end" in capsys.readouterr().out
    assert ml.jobs.get(created.name).status == "Failed"


def test_wrong_input_is_refused_before_anything_runs(ml: Any) -> None:
    from azure.ai.ml import Input, command
    from azure.core.exceptions import HttpResponseError

    job = command(
        command="cat ${{inputs.file}}",
        environment="azureml:plain:1",
        compute="cpu",
        inputs={"file": Input(type="uri_file", path="azureml://datastores/nowhere/paths/x")},
    )
    with pytest.raises(HttpResponseError, match=r"properties.inputs.file.uri: .*nowhere"):
        ml.jobs.create_or_update(job)


def test_cancel_ends_the_process(ml: Any) -> None:
    from azure.ai.ml import command

    job = ml.jobs.create_or_update(
        command(command="echo $$; sleep 1000", environment="azureml:plain:1", compute="cpu")
    )
    wait(ml, job.name, "Running")
    ml.jobs.begin_cancel(job.name).result()
    wait(ml, job.name, "Canceled")


def test_tags_are_updated(ml: Any, pipeline: Any) -> None:
    job = ml.jobs.get(pipeline.name)
    job.tags["reviewed"] = "yes"
    assert ml.jobs.create_or_update(job).tags["reviewed"] == "yes"
    assert pipeline.name in [item.name for item in ml.jobs.list()]


def test_pipeline_goes_on_after_the_emulator_was_killed(ml: Any, home: Home, tmp_path: Path) -> None:
    """The step that was done is not run again; the one that was cut off is."""
    from azure.ai.ml import Input, Output, command, dsl

    first = command(
        name="first",
        command=f"echo x >> {tmp_path}/first; echo done > ${{{{outputs.out}}}}/a",
        environment="azureml:plain:1",
        outputs={"out": Output(type="uri_folder")},
    )
    second = command(
        name="second",
        command=f"echo x >> {tmp_path}/second; while [ ! -e {tmp_path}/go ]; do sleep 0.1; done; "
        "cat ${{inputs.a}}/a",
        environment="azureml:plain:1",
        inputs={"a": Input(type="uri_folder")},
    )

    @dsl.pipeline(name="long", compute="cpu")
    def long():
        second(a=first().outputs.out)

    job = ml.jobs.create_or_update(long())
    until(lambda: (tmp_path / "second").exists())
    os.kill(int(home.pid.read_text()), signal.SIGKILL)
    (tmp_path / "go").touch()
    emulator("up")
    wait(ml, job.name, "Completed")
    assert (tmp_path / "first").read_text() == "x\n"
    assert (tmp_path / "second").read_text() == "x\nx\n"


def test_job_asks_azure_as_its_computes_identity(ml: Any, home: Home) -> None:
    """Through the proxy, with a token of the compute's identity: what its roles allow, and nothing more."""
    from azure.ai.ml import command

    def outcome() -> str:
        job = ml.jobs.create_or_update(
            command(code=None, command=f"python -c '{ASK}'", environment="azureml:plain:1", compute="cpu")
        )
        wait(ml, job.name)
        assert ml.jobs.get(job.name).status == "Completed"
        ml.jobs.download(job.name, download_path=home.root / job.name)
        return (home.root / job.name / "artifacts" / "user_logs" / "std_log.txt").read_text().strip()

    assert outcome() == "403"
    write = arm_writer()
    identity = write(estate.IDENTITY, {"location": estate.REGION})["properties"]["principalId"]
    name = "5f0e7a52-0000-4000-8000-000000000004"
    estate.grant(write, name, identity, "ServicePrincipal", estate.WORKSPACE, DATA_SCIENTIST)
    assert outcome() == estate.WORKSPACE_NAME


def test_pipeline_of_inline_steps_from_yaml(ml: Any, tmp_path: Path) -> None:
    from azure.ai.ml import load_job

    (tmp_path / "pipeline.yml").write_text(PIPELINE)
    job = ml.jobs.create_or_update(load_job(tmp_path / "pipeline.yml"))
    wait(ml, job.name)
    assert ml.jobs.get(job.name).status == "Completed"
    ml.jobs.download(job.name, download_path=tmp_path, all=True)
    assert [
        file.read_text().strip()
        for file in (tmp_path / "named-outputs" / "result").rglob("*")
        if file.is_file()
    ] == ["2"]
    assert "count: completed" in next(tmp_path.rglob("executionlogs.txt")).read_text()


def test_schedule_of_a_pipeline_is_written_and_disabled(ml: Any, tmp_path: Path, pipeline: Any) -> None:
    from azure.ai.ml import load_job
    from azure.ai.ml.entities import CronTrigger, JobSchedule

    (tmp_path / "pipeline.yml").write_text(PIPELINE)
    trigger = CronTrigger(expression="0 1 * * *", time_zone="W. Europe Standard Time")
    for job in (load_job(tmp_path / "pipeline.yml"), pipeline.id):
        schedule = JobSchedule(name="nightly", trigger=trigger, create_job=job)
        assert ml.schedules.begin_create_or_update(schedule).result().is_enabled
        ml.schedules.begin_disable("nightly").result()
        assert [item.name for item in ml.schedules.list()] == []


def test_what_is_there_is_listed(ml: Any, pipeline: Any) -> None:
    wait(ml, pipeline.name)
    assert [item.name for item in ml.compute.list()] == ["cpu"]
    assert ml.compute.get("cpu").min_instances == 0
    assert ml.datastores.get_default().name == "workspaceblobstore"
    assert {item.name for item in ml.datastores.list()} >= {"workspaceblobstore", "workspaceartifactstore"}
    assert [item.name for item in ml.data.list()] == ["raw"]
    assert [item.name for item in ml.environments.list()] == ["plain"]
    assert ml.environments.get("plain", label="latest").version == "1"
    assert ml.workspaces.get(estate.WORKSPACE_NAME).discovery_url.endswith("/discovery")
    assert list(ml.components.list()) == []  # those of the pipeline are anonymous
    assert list(ml.online_endpoints.list()) == []


def test_no_host_outside_was_asked(home: Home) -> None:
    command = [sys.executable, "-m", "emulator", "status", "--json"]
    status = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    assert status["refused_hosts"] == []
    assert status["refused_calls"] == []
