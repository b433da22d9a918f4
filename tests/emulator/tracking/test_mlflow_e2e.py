"""The real MLflow client against a running emulator: as a person's program, and inside of a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.emulator.pipelines.lab import command
from tests.emulator.tracking.conftest import Program

pytestmark = pytest.mark.e2e


def test_a_program_logs_and_reads_again(program: Program) -> None:
    answer = program("""
        mlflow.set_experiment("diary")
        with mlflow.start_run(run_name="first", tags={"colour": "red"}) as run:
            mlflow.log_param("rate", 0.1)
            mlflow.log_params({"kind": "tree", "depth": 3})
            for step, value in enumerate((0.9, 0.5, 0.7)):
                mlflow.log_metric("loss", value, step=step)
            mlflow.log_metrics({"auc": 0.75, "nothing": float("nan")})
            mlflow.set_tag("shape", "round")
            with mlflow.start_run(nested=True, run_name="inner") as inner:
                mlflow.log_metric("loss", 0.1)
        found = client.get_run(run.info.run_id)
        answer["status"], answer["name"] = found.info.status, found.info.run_name
        answer["metrics"] = {key: repr(value) for key, value in found.data.metrics.items()}
        answer["params"] = found.data.params
        answer["tags"] = {key: found.data.tags.get(key) for key in ("colour", "shape", "mlflow.user")}
        history = client.get_metric_history(run.info.run_id, "loss")
        answer["history"] = [(one.step, one.value) for one in history]
        answer["changed"] = code(lambda: client.log_param(run.info.run_id, "rate", 0.2))
        client.log_param(run.info.run_id, "rate", 0.1)
        tags = client.get_run(inner.info.run_id).data.tags
        answer["parent"] = tags["mlflow.parentRunId"] == run.info.run_id
        ids = [client.get_experiment_by_name("diary").experiment_id]
        search = lambda filter, **more: [one.info.run_name for one in client.search_runs(ids, filter, **more)]
        answer["less"] = search("metrics.loss < 0.5")
        answer["and"] = search("params.kind = 'tree' and tags.colour LIKE 'r%' AND metrics.auc >= 0.75")
        answer["ordered"] = search("", order_by=["metrics.loss DESC"])
        page = client.search_runs(ids, "", max_results=1)
        answer["paged"] = [len(page), page.token is not None]
        answer["wrong"] = code(lambda: search("metrics.loss ~ 3"))
        client.delete_tag(run.info.run_id, "shape")
        answer["untagged"] = "shape" in client.get_run(run.info.run_id).data.tags
        client.delete_run(inner.info.run_id)
        answer["deleted"] = [search(""), search("", run_view_type=2)]
        answer["closed"] = code(lambda: client.log_metric(inner.info.run_id, "loss", 1.0))
        client.restore_run(inner.info.run_id)
        answer["restored"] = sorted(search(""))
        answer["absent"] = code(lambda: client.get_run("there-is-none"))
        answer["experiments"] = sorted(one.name for one in client.search_experiments())
        answer["again"] = code(lambda: client.create_experiment("diary"))
    """)
    assert (answer["status"], answer["name"]) == ("FINISHED", "first")
    assert answer["metrics"] == {"loss": "0.7", "auc": "0.75", "nothing": "nan"}
    assert answer["params"] == {"rate": "0.1", "kind": "tree", "depth": "3"}
    assert answer["tags"]["colour"] == "red"
    assert answer["tags"]["shape"] == "round"
    assert answer["history"] == [[0, 0.9], [1, 0.5], [2, 0.7]]
    assert answer["changed"][0] == "INVALID_PARAMETER_VALUE"
    assert "Changing param values is not allowed" in answer["changed"][1]
    assert answer["parent"]
    assert answer["less"] == ["inner"]
    assert answer["and"] == ["first"]
    assert answer["ordered"] == ["first", "inner"]
    assert answer["paged"] == [1, True]
    assert answer["wrong"][0] == "INVALID_PARAMETER_VALUE"
    assert answer["untagged"] is False
    assert answer["deleted"] == [["first"], ["inner"]]
    assert answer["closed"][0] == "INVALID_PARAMETER_VALUE"
    assert answer["restored"] == ["first", "inner"]
    assert answer["absent"][0] == "RESOURCE_DOES_NOT_EXIST"
    assert "diary" in answer["experiments"]
    assert answer["again"][0] == "RESOURCE_ALREADY_EXISTS"


def test_artifacts_go_into_the_workspaces_storage(program: Program) -> None:
    answer = program("""
        import pathlib
        pathlib.Path("figures/deep").mkdir(parents=True)
        pathlib.Path("figures/one.txt").write_text("one")
        pathlib.Path("figures/deep/two.txt").write_text("two")
        with mlflow.start_run() as run:
            mlflow.log_artifact("figures/one.txt")
            mlflow.log_artifacts("figures", artifact_path="all")
            mlflow.log_dict({"a": 1}, "said.json")
            try:
                mlflow.log_text("changed", "one.txt")
            except Exception as error:
                answer["twice"] = str(error)
        name = run.info.run_id
        answer["top"] = sorted((one.path, one.is_dir) for one in client.list_artifacts(name))
        answer["under"] = sorted(one.path for one in client.list_artifacts(name, "all"))
        answer["text"] = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/one.txt")
        pathlib.Path("down").mkdir()
        place = client.download_artifacts(name, "all", "down")
        files = pathlib.Path(place).rglob("*.txt")
        answer["down"] = {str(one.relative_to(place)): one.read_text() for one in files}
    """)
    assert answer["top"] == [["all", True], ["one.txt", False], ["said.json", False]]
    assert answer["under"] == ["all/deep", "all/one.txt"]
    assert "already exists" in answer["twice"]
    assert answer["text"] == "one"
    assert answer["down"] == {"one.txt": "one", "deep/two.txt": "two"}


def test_what_is_not_kept_is_refused_with_advice(program: Program) -> None:
    answer = program("""
        from mlflow.protos.databricks_pb2 import ErrorCode
        with mlflow.start_run() as run:
            pass
        answer["model"] = code(lambda: client.create_registered_model("m"))
        answer["logged"] = code(lambda: mlflow.initialize_logged_model(name="m"))
    """)
    assert "azure-ai-ml" in answer["model"][1]
    assert "output of the job" in answer["logged"][1]


IN_A_JOB = """
import mlflow, pathlib, sys
with mlflow.start_run() as run:
    mlflow.log_param("alpha", 0.5)
    mlflow.log_metric("rmse", 0.25, step=1)
    mlflow.set_tag("made-by", "step")
    pathlib.Path("note.txt").write_text("hello")
    mlflow.log_artifact("note.txt")
print("run", run.info.run_id, run.info.experiment_id)
"""


def test_a_jobs_run_is_the_job(lab: Any, program: Program, mlflow_python: Path) -> None:
    lab.file("logging/step.py", IN_A_JOB)
    job = command(
        "logs",
        f"{mlflow_python} step.py",
        code=lab.root / "logging",
        compute="cpu",
        experiment_name="from-jobs",
        environment_variables={"MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    done = lab.run(job)
    assert f"run {done.name} " in lab.log(done.name)
    assert done.tags["made-by"] == "step"
    answer = program(f"""
        run = client.get_run("{done.name}")
        answer["info"] = [run.info.status, run.data.params, run.data.metrics, run.data.tags["made-by"]]
        answer["experiment"] = client.get_experiment(run.info.experiment_id).name
        answer["files"] = sorted(one.path for one in client.list_artifacts("{done.name}"))
        client.log_metric("{done.name}", "later", 1.0)
        answer["later"] = client.get_run("{done.name}").data.metrics
    """)
    assert answer["info"] == ["FINISHED", {"alpha": "0.5"}, {"rmse": 0.25}, "step"]
    assert answer["experiment"] == "from-jobs"
    assert "note.txt" in answer["files"]
    assert answer["later"] == {"rmse": 0.25, "later": 1.0}


@pytest.mark.slow
def test_a_job_in_an_environment_with_mlflow(lab: Any) -> None:
    """As examples have it: the environment names the packages, the script does not know where it runs."""
    from azure.ai.ml.entities import Environment

    conda = lab.file(
        "mlflow.yml",
        """
        dependencies:
          - python=3.11
          - pip:
              - mlflow-skinny<=3.15.0
              - azureml-mlflow>=1.62
        """,
    )
    lab.ml.environments.create_or_update(
        Environment(name="with-mlflow", version="1", image="python:3.11", conda_file=str(conda))
    )
    lab.file("example/step.py", IN_A_JOB)
    job = command(
        "example", "python step.py", code=lab.root / "example", compute="cpu", environment="with-mlflow:1"
    )
    done = lab.wait(lab.submit(job).name, "Completed", "Failed", seconds=300)
    assert done.status == "Completed", lab.logs(done.name)
    assert done.tags["made-by"] == "step"
