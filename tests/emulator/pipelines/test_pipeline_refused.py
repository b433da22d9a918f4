"""Shapes that are not emulated: each is refused as a whole, in words that say what to do instead."""

# without deferred annotations: the SDK reads those of a pipeline's function as they are
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from emulator.machinelearning import curated
from tests.emulator.machinelearning import estate
from tests.emulator.pipelines.lab import ENVIRONMENT, FOLDER, Lab, command

pytestmark = pytest.mark.e2e


def pipeline_of(*steps: Callable[[], Any]) -> Any:
    from azure.ai.ml import dsl

    @dsl.pipeline(default_compute="cpu")
    def pipeline():
        for step in steps:
            step()

    return pipeline()


def trial() -> Any:
    from azure.ai.ml import Input, Output

    return command(
        "trial",
        "echo ${{inputs.rate}}",
        compute="cpu",
        inputs={"rate": Input(type="number", default=0.1)},
        outputs={"model": Output(type=FOLDER)},
    )


def sweep(lab: Lab) -> Any:
    from azure.ai.ml.sweep import Choice

    job = trial()(rate=Choice([0.1, 0.2])).sweep(
        primary_metric="loss", goal="minimize", sampling_algorithm="bayesian"
    )
    job.set_limits(max_total_trials=2)
    return job


def sweep_step(lab: Lab) -> Any:
    from azure.ai.ml.sweep import Uniform

    def search() -> None:
        node = trial()(rate=Uniform(0.1, 1))
        found = node.sweep(primary_metric="loss", goal="minimize", sampling_algorithm="bayesian")
        found.name = "search"
        found.set_limits(max_total_trials=2)

    return pipeline_of(search)


def parallel_step(lab: Lab) -> Any:
    from azure.ai.ml import Input, Output
    from azure.ai.ml.parallel import RunFunction, parallel_run_function

    lab.file("batches/entry.py", "def init(): pass\ndef run(batch): return batch\n")
    build = parallel_run_function(
        name="batches",
        inputs={"rows": Input(type=FOLDER)},
        outputs={"out": Output(type=FOLDER)},
        input_data="${{inputs.rows}}",
        instance_count=1,
        mini_batch_size="1",
        mini_batch_error_threshold=1,
        task=RunFunction(code=str(lab.root / "batches"), entry_script="entry.py", environment=ENVIRONMENT),
    )
    path = "azureml://datastores/workspaceblobstore/paths/rows/"
    return pipeline_of(lambda: build(rows=Input(type=FOLDER, path=path)))


def automl(lab: Lab) -> Any:
    from azure.ai.ml import Input
    from azure.ai.ml import automl as learn

    table = Input(type="mltable", path="azureml://datastores/workspaceblobstore/paths/rows/")
    return learn.classification(
        training_data=table, target_column_name="y", primary_metric="accuracy", compute="cpu"
    )


def automl_step(lab: Lab) -> Any:
    from azure.ai.ml import Input, dsl
    from azure.ai.ml import automl as learn

    @dsl.pipeline(default_compute="cpu")
    def pipeline(rows):
        found = learn.regression(training_data=rows, target_column_name="y", primary_metric="r2_score")
        found.set_limits(max_trials=1)

    return pipeline(rows=Input(type="mltable", path="azureml://datastores/workspaceblobstore/paths/rows/"))


def spark(lab: Lab) -> Any:
    from azure.ai.ml import spark as build

    lab.file("spark/entry.py", "print(1)\n")
    return build(
        code=str(lab.root / "spark"),
        entry={"file": "entry.py"},
        driver_cores=1,
        driver_memory="1g",
        executor_cores=1,
        executor_memory="1g",
        executor_instances=1,
        resources={"instance_type": "Standard_E8S_V3", "runtime_version": "3.4.0"},
    )


def with_one(**settings: Any) -> Callable[[Lab], Any]:
    def build(lab: Lab) -> Any:
        return pipeline_of(command("one", "true", **settings))

    return build


def with_input(kind: str, path: str, mode: str | None = None) -> Callable[[Lab], Any]:
    def build(lab: Lab) -> Any:
        from azure.ai.ml import Input, dsl

        show = command("show", "ls ${{inputs.rows}}", inputs={"rows": Input(type=kind)})

        @dsl.pipeline(default_compute="cpu")
        def pipeline(rows):
            show(rows=rows)

        return pipeline(rows=Input(type=kind, path=path, mode=mode))

    return build


def distributed(lab: Lab) -> Any:
    from azure.ai.ml import PyTorchDistribution

    return with_one(distribution=PyTorchDistribution(process_count_per_instance=2))(lab)


def service_inside(lab: Lab) -> Any:
    from azure.ai.ml.entities import JupyterLabJobService

    return command("lab", "true", compute="cpu", services={"notebook": JupyterLabJobService()})


def serverless(lab: Lab) -> Any:
    job = pipeline_of(command("one", "true"))
    job.settings.default_compute = "serverless"
    return job


def returning(lab: Lab) -> Any:
    import importlib.util

    path = lab.file(
        "returning/they_return.py",
        """
        from mldesigner import command_component


        @command_component(environment="azureml:plain:1")
        def tell(word: str) -> str:
            return word
        """,
    )
    spec = importlib.util.spec_from_file_location("they_return", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["they_return"] = module
    spec.loader.exec_module(module)
    return pipeline_of(lambda: module.tell(word="said"))


def only(message: str) -> str:
    return f"Job NAME is not valid. {message}."


def component(message: str, name: str = "one") -> str:
    return f"Component {name} is not valid. componentSpec.{message}."


ROWS = "azureml://datastores/workspaceblobstore/paths/rows/"
CURATED = "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu:1"
REGISTRY = "azureml://registries/theirs/environments/sklearn-1.5/labels/latest"
BAYESIAN = (
    "'bayesian' is not emulated: it is not carried out here; use random or grid, or search inside one "
    "command step"
)
OWN = "register one of your own (image and conda_file)"
REFUSED: dict[str, tuple[Callable[[Lab], Any], str]] = {
    "sweep job with bayesian sampling": (sweep, only(f"properties.samplingAlgorithm: {BAYESIAN}")),
    "sweep step with bayesian sampling": (
        sweep_step,
        only(f"properties.jobs.search.samplingAlgorithm: {BAYESIAN}"),
    ),
    "parallel step": (
        parallel_step,
        "Not emulated: components of type 'parallel' (batches); go through the files in one command step.",
    ),
    "automl job": (automl, "Not emulated: jobs of type AutoML (job NAME); train in a command step."),
    "automl step": (
        automl_step,
        only("properties.jobs.found.type: steps of type 'automl' are not emulated; train in a command step"),
    ),
    "spark job": (
        spark,
        "Job NAME is not valid. properties.resources.runtimeVersion: '3.4.0' is not emulated; use 3.5; "
        "properties.identity: a Spark job that acts as 'UserIdentity' is not emulated; use managed, the "
        "workspace's identity.",
    ),
    "spark step": (
        lambda lab: pipeline_of(spark(lab)),
        "Not emulated: components of type 'spark' (azureml_anonymous); make it a job of its own.",
    ),
    "two nodes": (
        with_one(instance_count=2),
        component("resources.instanceCount: jobs on more than one node are not emulated; use 1"),
    ),
    "distribution": (
        distributed,
        component("distribution: distributed jobs are not emulated; leave the distribution out"),
    ),
    "docker arguments": (
        with_one(docker_args="--privileged"),
        component("resources.dockerArgs: arguments for Docker are not emulated; leave them out"),
    ),
    "service inside a job": (
        service_inside,
        only("properties.services: services inside jobs are not emulated: notebook"),
    ),
    "serverless": (
        serverless,
        only(
            "properties.settings.defaultCompute: there is no compute, and serverless is not emulated; name "
            "one of workspace 'mlw-tests'; it has: cpu"
        ),
    ),
    "curated environment": (
        with_one(environment=CURATED),
        component(
            f"environment: 'azureml:{CURATED}' cannot be resolved: nothing stands in for the curated "
            f"environment {CURATED[:-2]!r} here; there is something for "
            f"{', '.join(row.name for row in curated.ROWS)}; or {OWN}"
        ),
    ),
    "environment of a registry": (
        with_one(environment=REGISTRY),
        component(
            f"environment: {REGISTRY!r} cannot be resolved: registry 'theirs' is not emulated; register the "
            "environment in the workspace"
        ),
    ),
    "function that returns text": (
        returning,
        component(
            "outputs.output: outputs of type 'string', as Python functions that return a value have, are not "
            "emulated; write the value to an output of type uri_file, and let the next step read that",
            "tell",
        ),
    ),
    "direct access": (
        with_input("uri_file", f"{ROWS}a.csv", "direct"),
        only("properties.inputs.rows.mode: 'Direct' is not emulated; use ReadOnlyMount or Download"),
    ),
    "evaluated table": (
        with_input("mltable", ROWS, "eval_mount"),
        only("properties.inputs.rows.mode: 'EvalMount' is not emulated; use ReadOnlyMount or Download"),
    ),
    "file of another host": (
        with_input("uri_file", "https://example.com/rows.csv"),
        only(
            "properties.inputs.rows.uri: 'https://example.com/rows.csv' cannot be resolved: only blob "
            "storage (*.blob.core.windows.net) is reachable; fetch it and give its path"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_shape_is_refused_and_nothing_of_it_is_left(lab: Lab, case: str) -> None:
    build, message = REFUSED[case]
    assert lab.refusal(build(lab)) == message


def test_a_datastore_of_an_unknown_account_is_taken_and_its_use_refused(lab: Lab) -> None:
    """MLClient asks for no validation; in Azure too the job is the first to miss the account."""
    from azure.ai.ml.entities import AzureBlobDatastore

    elsewhere = AzureBlobDatastore(name="elsewhere", account_name="stelsewhere", container_name="rows")
    assert lab.ml.datastores.create_or_update(elsewhere).account_name == "stelsewhere"
    job = with_input("uri_folder", "azureml://datastores/elsewhere/paths/rows/")(lab)
    assert "datastore 'elsewhere' leads to storage account 'stelsewhere', which does not exist here" in (
        lab.refusal(job)
    )


# steps that the SDK writes only behind its switch for private previews: as bodies
@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("if_else", "decide inside a command step"),
        ("do_while", "repeat inside a command step"),
        ("parallel_for", "write the steps out, or loop inside one"),
        ("import", "register the data as an asset and give it as an input"),
        ("data_transfer", "copy the data in a command step"),
    ],
)
def test_control_flow_and_transfers_are_refused(lab: Lab, kind: str, advice: str) -> None:
    before = lab.left()
    step = {"type": "command", "command": "true", "environment": estate.ENVIRONMENT}
    properties = {
        "jobType": "Pipeline",
        "settings": {"defaultCompute": estate.COMPUTE},
        "jobs": {"one": step, "two": {"type": kind}},
    }
    with pytest.raises(httpx.HTTPStatusError) as caught:
        lab.write(f"{estate.WORKSPACE}/jobs/flow", {"properties": properties})
    assert caught.value.response.json()["error"]["message"] == (
        f"Job 'flow' is not valid. properties.jobs.two.type: steps of type {kind!r} are not emulated; "
        f"{advice}."
    )
    assert lab.left() == before


def test_steps_around_a_pipeline_are_refused(lab: Lab) -> None:
    step = {"type": "command", "command": "true", "environment": estate.ENVIRONMENT}
    settings = {"defaultCompute": estate.COMPUTE, "on_finalize": "one"}
    properties = {"jobType": "Pipeline", "settings": settings, "jobs": {"one": step}}
    with pytest.raises(httpx.HTTPStatusError) as caught:
        lab.write(f"{estate.WORKSPACE}/jobs/around", {"properties": properties})
    assert "properties.settings.onFinalize: steps before and after a pipeline are not emulated" in (
        caught.value.response.text
    )


def test_schedule_of_a_refused_shape_is_not_kept(lab: Lab) -> None:
    from azure.ai.ml.entities import CronTrigger, JobSchedule
    from azure.core.exceptions import HttpResponseError

    before = lab.left()
    trigger = CronTrigger(expression="0 1 * * *")
    schedule = JobSchedule(name="search", trigger=trigger, create_job=sweep_step(lab))
    with pytest.raises(HttpResponseError, match="'bayesian' is not emulated"):
        lab.ml.schedules.begin_create_or_update(schedule).result()
    assert lab.left() == before
