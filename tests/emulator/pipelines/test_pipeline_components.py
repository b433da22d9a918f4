"""Pipelines of components as programs from elsewhere have them: from YAML, functions, registered, nested."""

# without deferred annotations: the SDK reads those of a pipeline's function as they are
import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.machinelearning import estate
from tests.emulator.pipelines.lab import FOLDER, Lab, command

pytestmark = pytest.mark.e2e

COMPONENT = """
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: repeat
version: "1"
display_name: Repeat words
is_deterministic: true
tags: {kind: text}
inputs:
  words: {type: uri_folder}
  times: {type: integer, default: 2, min: 1, max: 5}
  share: {type: number, default: 0.5}
  case: {type: string, enum: [upper, lower], default: lower}
  mark: {type: boolean, default: false}
  note: {type: string, optional: true}
outputs:
  out: {type: uri_folder}
code: ./source
environment: azureml:plain:1
command: >-
  python repeat.py ${{inputs.words}} ${{inputs.times}} ${{inputs.share}} ${{inputs.case}} ${{inputs.mark}}
  ${{outputs.out}} $[[--note ${{inputs.note}}]]
"""
SOURCE = """
import pathlib, sys
words, times, share, case, mark, out, *rest = sys.argv[1:]
text = "".join(sorted(one.read_text() for one in pathlib.Path(words).iterdir()))
pathlib.Path(out, "words.txt").write_text(getattr(text, case)() * int(times))
print(share, mark, *rest)
"""
NESTED = """
$schema: https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json
type: pipeline
name: twice
version: "3"
inputs:
  words: {type: uri_folder}
  times: {type: integer, default: 3}
outputs:
  result: {type: uri_folder}
jobs:
  first:
    type: command
    component: ./repeat.yml
    inputs: {words: "${{parent.inputs.words}}", times: "${{parent.inputs.times}}"}
  second:
    type: command
    component: ./repeat.yml
    inputs: {words: "${{parent.jobs.first.outputs.out}}", times: 1, case: upper}
    outputs: {out: "${{parent.outputs.result}}"}
"""
FUNCTIONS = """
from pathlib import Path

from mldesigner import Input, Output, command_component


@command_component(environment="azureml:plain:1", display_name="Fit")
def fit(rows: Input(type="uri_folder"), epochs: int, model: Output(type="uri_folder"), rate: float = 0.02):
    count = len((Path(rows) / "rows.txt").read_text().split())
    (Path(model) / "model.txt").write_text(f"{count} {epochs} {rate}")
"""


@pytest.fixture(scope="module")
def component(lab: Lab) -> Path:
    lab.file("source/repeat.py", SOURCE)
    lab.file("words/a.txt", "ab ")
    lab.file("twice.yml", NESTED)
    return lab.file("repeat.yml", COMPONENT)


@pytest.fixture
def words(lab: Lab, component: Path) -> Any:
    from azure.ai.ml import Input

    return Input(type=FOLDER, path=str(lab.root / "words"))


def say() -> Any:
    from azure.ai.ml import Input, Output

    return command(
        "say",
        "echo ${{inputs.word}} > ${{outputs.out}}/said",
        inputs={"word": Input(type="string")},
        outputs={"out": Output(type=FOLDER)},
    )


def double() -> Any:
    from azure.ai.ml import Input, Output

    return command(
        "double",
        "cat ${{inputs.text}}/said ${{inputs.text}}/said > ${{outputs.out}}/said",
        inputs={"text": Input(type=FOLDER)},
        outputs={"out": Output(type=FOLDER)},
    )


def test_components_from_yaml_in_a_python_pipeline(lab: Lab, component: Path, words: Any) -> None:
    from azure.ai.ml import dsl, load_component

    repeat = load_component(component)

    @dsl.pipeline(default_compute="cpu", description="two of a kind", tags={"team": "words"})
    def line(words, note: str = "kept"):
        first = repeat(words=words, mark=True)
        second = repeat(words=first.outputs.out, times=1, share=1.5, case="upper", note=note)
        second.display_name, second.compute = "The last", "cpu"
        return {"result": second.outputs.out}

    job = line(words=words)
    job.display_name, job.experiment_name = "A line", "words"
    job.settings.force_rerun, job.settings.continue_on_step_failure = True, False
    done = lab.run(job)
    assert lab.output(done.name, "result") == {"words.txt": "AB AB "}
    assert lab.log(lab.steps(done.name)["The last"].name) == "1.5 False --note kept\n"
    assert (done.display_name, done.experiment_name, done.tags["team"]) == ("A line", "words", "words")
    assert {name: step.status for name, step in lab.steps(done.name).items()} == {
        "first": "Completed",
        "The last": "Completed",
    }


@pytest.mark.parametrize("name", ["name and version", "name alone", "latest"])
def test_registered_component_is_taken(lab: Lab, component: Path, words: Any, name: str) -> None:
    from azure.ai.ml import dsl, load_component

    registered = lab.ml.components.create_or_update(load_component(component))
    assert lab.ml.components.create_or_update(load_component(component)).id == registered.id
    repeat = {
        "name and version": lambda: lab.ml.components.get("repeat", "1"),
        "name alone": lambda: lab.ml.components.get("repeat"),
        "latest": lambda: lab.ml.components.get("repeat", label="latest"),
    }[name]()
    assert repeat.id == registered.id
    assert repeat.inputs["times"].default == 2

    @dsl.pipeline(default_compute="cpu")
    def line(words):
        return {"result": repeat(words=words).outputs.out}

    assert lab.output(lab.run(line(words=words)).name, "result")["words.txt"] == "ab ab "


@pytest.mark.parametrize("reference", ["azureml:stored:1", "azureml:stored@latest", "azureml:stored@default"])
def test_yaml_pipeline_of_registered_components(lab: Lab, component: Path, reference: str) -> None:
    from azure.ai.ml import load_component, load_job

    stored = load_component(component, params_override=[{"name": "stored"}])
    lab.ml.components.create_or_update(stored)
    path = lab.file(
        "line.yml",
        f"""
        $schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
        type: pipeline
        display_name: From a file
        settings: {{default_compute: azureml:cpu, continue_on_step_failure: false}}
        inputs: {{words: {{type: uri_folder, path: ./words}}, times: 4}}
        outputs: {{result: {{type: uri_folder, mode: upload}}}}
        jobs:
          only:
            type: command
            component: "{reference}"
            inputs: {{words: "${{{{parent.inputs.words}}}}", times: "${{{{parent.inputs.times}}}}"}}
            outputs: {{out: "${{{{parent.outputs.result}}}}"}}
        """,
    )
    done = lab.run(load_job(path))
    assert lab.output(done.name, "result")["words.txt"] == "ab ab ab ab "


def test_python_functions_as_components(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """mldesigner's decorator: the step runs the function out of its own file."""
    from azure.ai.ml import Input, dsl

    monkeypatch.syspath_prepend(str(lab.file("functions/their_functions.py", FUNCTIONS).parent))
    functions = importlib.import_module("their_functions")
    lab.file("rows/rows.txt", "1 2 3")

    @dsl.pipeline(default_compute="cpu")
    def line(rows):
        return {"model": functions.fit(rows=rows, epochs=7).outputs.model}

    done = lab.run(line(rows=Input(type=FOLDER, path=str(lab.root / "rows"))))
    assert lab.output(done.name, "model") == {"model.txt": "3 7 0.02"}


def test_pipelines_inside_a_pipeline(lab: Lab) -> None:
    from azure.ai.ml import dsl

    spoken, twice = say(), double()

    @dsl.pipeline(name="inner")
    def inner(word: str = "by default"):
        return {"text": twice(text=spoken(word=word).outputs.out).outputs.out}

    @dsl.pipeline(name="middle")
    def middle(word: str):
        return {"text": twice(text=inner(word=word).outputs.text).outputs.out}

    @dsl.pipeline(default_compute="cpu")
    def outer(word: str):
        given, other = middle(word=word), inner()
        return {"given": twice(text=given.outputs.text).outputs.out, "other": other.outputs.text}

    done = lab.run(outer(word="hello"))
    assert lab.output(done.name, "given") == {"said": "hello\n" * 8}
    assert lab.output(done.name, "other") == {"said": "by default\n" * 2}
    steps = lab.steps(done.name)
    assert set(steps) == {"given", "other", "double"}
    assert set(lab.steps(steps["given"].name)) == {"inner", "double"}
    assert lab.ml.jobs.get(steps["given"].name).type == "pipeline"


def test_pipeline_component_from_yaml_as_steps_of_another(lab: Lab, words: Any) -> None:
    from azure.ai.ml import dsl, load_component

    twice = load_component(lab.root / "twice.yml")

    @dsl.pipeline(default_compute="cpu")
    def outer(words):
        first = twice(words=words)
        return {"result": twice(words=first.outputs.result, times=1).outputs.result}

    result = lab.output(lab.run(outer(words=words)).name, "result")
    assert result == {"words.txt": "AB AB AB "}


def test_yaml_pipeline_of_a_nested_pipeline_with_named_outputs(lab: Lab, component: Path) -> None:
    from azure.ai.ml import load_job

    path = lab.file(
        "outer.yml",
        """
        type: pipeline
        settings: {default_compute: azureml:cpu}
        inputs: {words: {type: uri_folder, path: ./words}}
        outputs: {result: {type: uri_folder, name: outermost, version: "4"}}
        jobs:
          one:
            type: pipeline
            component: ./twice.yml
            inputs: {words: "${{parent.inputs.words}}", times: 1}
            outputs: {result: {type: uri_folder, name: between, version: "2"}}
          two:
            type: pipeline
            component: ./twice.yml
            inputs: {words: "${{parent.jobs.one.outputs.result}}", times: 2}
            outputs: {result: "${{parent.outputs.result}}"}
        """,
    )
    done = lab.run(load_job(path))
    assert lab.output(done.name, "result") == {"words.txt": "AB AB "}
    assert lab.ml.data.get("outermost", "4").type == FOLDER
    assert lab.ml.data.get("between", "2").type == FOLDER


def test_registered_pipeline_component_is_a_job_by_itself(lab: Lab) -> None:
    from azure.ai.ml import dsl

    spoken = say()

    @dsl.pipeline(name="whole", version="1")
    def whole(word: str = "unsaid"):
        return {"text": spoken(word=word).outputs.out}

    lab.ml.components.create_or_update(whole().component)
    registered = lab.ml.components.get("whole", "1")
    assert registered.type == "pipeline"
    job = registered(word="said")
    job.settings.default_compute = "cpu"
    assert lab.output(lab.run(job).name, "text") == {"said": "said\n"}
    body = {
        "jobType": "Pipeline",
        "experimentName": "main",
        "componentId": registered.id,
        "settings": {"defaultCompute": estate.COMPUTE},
    }
    lab.write(f"{estate.WORKSPACE}/jobs/by-id-alone", {"properties": body})
    assert lab.wait("by-id-alone").status == "Completed"
    assert lab.output("by-id-alone", "text") == {"said": "unsaid\n"}


def test_wrong_values_inside_a_nested_pipeline_are_named(lab: Lab, words: Any) -> None:
    from azure.ai.ml import dsl, load_component

    twice = load_component(lab.root / "twice.yml")

    @dsl.pipeline(default_compute="cpu")
    def outer(words):
        twice(words=words, times=9)

    assert "properties.jobs.twice.jobs.first.inputs.times: 9 is more than the declared maximum 5" in (
        lab.refusal(outer(words=words))
    )


def test_a_pipeline_component_behind_a_batch_endpoint(lab: Lab, component: Path, words: Any) -> None:
    """As programs deploy a pipeline: endpoint, deployment, default, calls, lists, and the end of it all."""
    from azure.ai.ml import Input, load_component
    from azure.ai.ml.entities import BatchEndpoint, PipelineComponentBatchDeployment
    from azure.core.exceptions import HttpResponseError

    lab.file("behind.yml", NESTED.replace("twice", "behind"))
    registered = lab.ml.components.create_or_update(load_component(lab.root / "behind.yml"))
    endpoints, deployments = lab.ml.batch_endpoints, lab.ml.batch_deployments
    made = endpoints.begin_create_or_update(BatchEndpoint(name="repeat-words", tags={"of": "words"})).result()
    assert made.scoring_uri == f"https://repeat-words.{estate.REGION}.inference.ml.azure.com/jobs"
    for name in ("one", "two"):
        settings: Any = {"default_compute": "cpu", "continue_on_step_failure": False}
        wanted = PipelineComponentBatchDeployment(
            name=f"{name}-deployment", endpoint_name=made.name, component=registered.id, settings=settings
        )
        assert deployments.begin_create_or_update(wanted).result().name == f"{name}-deployment"
    made.defaults = {"deployment_name": "one-deployment"}
    endpoints.begin_create_or_update(made).result()
    assert endpoints.get(made.name).defaults.deployment_name == "one-deployment"
    assert sorted(one.name for one in deployments.list(made.name)) == ["one-deployment", "two-deployment"]

    given = {"words": words, "times": Input(type="integer", default=2)}
    first = endpoints.invoke(made.name, inputs=given, experiment_name="behind")
    second = endpoints.invoke(made.name, inputs=given, deployment_name="two-deployment", job_name="by-name")
    done = [lab.wait(one.name) for one in (first, second)]
    assert [one.status for one in done] == ["Completed", "Completed"], lab.logs(first.name)
    assert (done[0].experiment_name, done[1].name) == ("behind", "by-name")
    assert lab.output(first.name, "result") == lab.output("by-name", "result") != {}
    assert set(lab.steps(first.name)) == {"first", "second"}
    assert {one.name for one in endpoints.list_jobs(made.name)} == {first.name, "by-name"}
    assert [one.name for one in deployments.list_jobs(made.name, name="two-deployment")] == ["by-name"]
    with pytest.raises(HttpResponseError, match="the pipeline has no such input; it has: times, words"):
        endpoints.invoke(made.name, inputs={"text": Input(type="string", default="x")})
    with pytest.raises(HttpResponseError, match="is the default of its endpoint"):
        deployments.begin_delete("one-deployment", made.name).result()
    deployments.begin_delete("two-deployment", made.name).result()
    endpoints.begin_delete(made.name).result()
    assert [one.name for one in endpoints.list()] == []
