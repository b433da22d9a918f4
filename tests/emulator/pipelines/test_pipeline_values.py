"""What goes into steps and comes out of them, in every way that programs from elsewhere write it."""

# without deferred annotations: the SDK reads those of a pipeline's function as they are
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from tests.emulator.machinelearning import estate
from tests.emulator.pipelines.lab import FOLDER, Lab, command

pytestmark = pytest.mark.e2e

TABLE = """
paths:
  - file: ./rows.csv
transformations:
  - read_delimited: {delimiter: ","}
"""


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@pytest.fixture(scope="module")
def data(lab: Lab) -> dict[str, Any]:
    """Files, and the registered assets that hold them."""
    from azure.ai.ml.entities import Data

    lab.file("rows/rows.csv", "a,b\n1,2\n")
    lab.file("table/MLTable", TABLE)
    lab.file("table/rows.csv", "a,b\n1,2\n")
    places = {
        "file": ("uri_file", "rows/rows.csv"),
        "folder": (FOLDER, "rows"),
        "table": ("mltable", "table"),
    }
    return {
        name: lab.ml.data.create_or_update(
            Data(name=name, version="1", type=kind, path=str(lab.root / place))
        )
        for name, (kind, place) in places.items()
    }


# what a pipeline's input may be -> (type, path as a function of the lab and the assets, mode)
INPUTS: dict[str, tuple[str, Callable[[Lab, dict[str, Any]], str], str | None]] = {
    "asset by name and version": ("uri_file", lambda _, data: "azureml:file:1", None),
    "asset by id": ("uri_file", lambda _, data: data["file"].id, None),
    "path in a datastore": ("uri_file", lambda _, data: data["file"].path, None),
    "local file": ("uri_file", lambda lab, _: str(lab.root / "rows" / "rows.csv"), None),
    "local folder": (FOLDER, lambda lab, _: str(lab.root / "rows"), None),
    "mounted folder": (FOLDER, lambda _, data: "azureml:folder:1", "ro_mount"),
    "downloaded file": ("uri_file", lambda _, data: "azureml:file:1", "download"),
    "table": ("mltable", lambda _, data: "azureml:table:1", None),
    "local table": ("mltable", lambda lab, _: str(lab.root / "table"), None),
}


@pytest.mark.parametrize("case", INPUTS)
def test_data_is_brought_to_a_step(lab: Lab, data: dict[str, Any], case: str) -> None:
    from azure.ai.ml import Input, dsl

    kind, path, mode = INPUTS[case]
    line = "cat ${{inputs.rows}}" if kind == "uri_file" else "cat ${{inputs.rows}}/rows.csv"
    show = command("show", line, inputs={"rows": Input(type=kind)})

    @dsl.pipeline(default_compute="cpu")
    def line_of_one(rows):
        show(rows=rows)

    job = line_of_one(rows=Input(type=kind, path=path(lab, data), mode=mode))
    assert lab.log(lab.steps(lab.run(job).name)["show"].name) == "a,b\n1,2\n"


def test_address_of_a_blob_is_an_input(lab: Lab, data: dict[str, Any]) -> None:
    from azure.ai.ml import Input

    datastore = lab.ml.datastores.get("workspaceblobstore")
    path = data["file"].path.split("/paths/", 1)[1]
    url = f"https://{datastore.account_name}.blob.core.windows.net/{datastore.container_name}/{path}"
    inputs = {"rows": Input(type="uri_file", path=url)}
    job = command("by-address", "cat ${{inputs.rows}}", compute="cpu", inputs=inputs)
    assert lab.log(lab.run(job).name) == "a,b\n1,2\n"


def test_what_earlier_jobs_made_is_an_input(lab: Lab) -> None:
    """A job's output, and the model that another one became."""
    from azure.ai.ml import Input, Output, dsl

    model = Output(type="custom_model", name="kept", version="1")
    outputs = {"model": model, "rest": Output(type=FOLDER)}
    line = "echo weights > ${{outputs.model}}/w; echo rest > ${{outputs.rest}}/r"
    made = lab.run(command("maker", line, compute="cpu", outputs=outputs))
    inputs = {"model": Input(type="custom_model"), "rest": Input(type=FOLDER)}
    show = command("show", "cat ${{inputs.model}}/w ${{inputs.rest}}/r", inputs=inputs)

    @dsl.pipeline(default_compute="cpu")
    def pipeline(model, rest):
        show(model=model, rest=rest)

    rest = Input(type=FOLDER, path=f"azureml://jobs/{made.name}/outputs/rest")
    done = lab.run(pipeline(model=Input(type="custom_model", path="azureml:kept:1"), rest=rest))
    assert lab.log(lab.steps(done.name)["show"].name) == "weights\nrest\n"


def test_literals_of_each_type_with_defaults_and_choices(lab: Lab) -> None:
    from azure.ai.ml import Input, dsl
    from azure.ai.ml.dsl._group_decorator import group

    inputs = {
        "text": Input(type="string", default="by default"),
        "whole": Input(type="integer", min=1, max=9),
        "share": Input(type="number"),
        "flag": Input(type="boolean", default=False),
        "size": Input(type="string", enum=["small", "large"]),
        "absent": Input(type="string", optional=True),
    }
    line = " ".join(f"'${{{{inputs.{name}}}}}'" for name in inputs if name != "absent")
    show = command("show", f"printf '%s|' {line} $[[${{{{inputs.absent}}}}]]", inputs=inputs)

    @group
    class Sizes:
        size: Size = Size.SMALL
        share: float = 0.25

    @dsl.pipeline(default_compute="cpu")
    def pipeline(whole: int, sizes: Sizes, flag: bool = True, absent: str = None):  # noqa: RUF013
        show(whole=whole, share=sizes.share, size=sizes.size, flag=flag, absent=absent)

    done = lab.run(pipeline(whole=3, sizes=Sizes(size="large")))
    assert lab.log(lab.steps(done.name)["show"].name) == "by default|3|0.25|True|large|"
    refusal = lab.refusal(pipeline(whole=30, sizes=Sizes()))
    assert "properties.jobs.show.inputs.whole: 30 is more than the declared maximum 9" in refusal


def test_outputs_at_a_path_and_as_named_assets(lab: Lab) -> None:
    from azure.ai.ml import Input, Output, dsl

    one = command("one", "echo one > ${{outputs.out}}", outputs={"out": Output(type="uri_file")})
    many = command("many", "echo two > ${{outputs.out}}/two.txt", outputs={"out": Output(type=FOLDER)})
    read = command("read", "cat ${{inputs.text}}/two.txt", inputs={"text": Input(type=FOLDER)})

    @dsl.pipeline(default_compute="cpu")
    def pipeline():
        placed, named, whole = one(), many(), many()
        placed.outputs.out.path = "azureml://datastores/workspaceblobstore/paths/placed/${{name}}/one.txt"
        placed.outputs.out.mode = "rw_mount"
        named.outputs.out.name, named.outputs.out.version = "words", "7"
        named.outputs.out.mode = "upload"
        read(text=named.outputs.out)
        return {"whole": whole.outputs.out}

    job = pipeline()
    job.outputs.whole.name, job.outputs.whole.version = "whole", "2"
    done = lab.run(job)
    assert lab.ml.data.get("words", "7").type == FOLDER
    assert "/datastores/workspaceblobstore/paths/" in lab.ml.data.get("whole", "2").path
    assert lab.log(lab.steps(done.name)["read"].name) == "two\n"
    child = lab.steps(done.name)["placed"].name
    path = f"azureml://datastores/workspaceblobstore/paths/placed/{child}/one.txt"
    inputs = {"text": Input(type="uri_file", path=path)}
    again = command("again", "cat ${{inputs.text}}", compute="cpu", inputs=inputs)
    assert lab.log(lab.run(again).name) == "one\n"


def test_environments_variables_and_computes_of_a_step(lab: Lab) -> None:
    from azure.ai.ml import ManagedIdentityConfiguration, UserIdentityConfiguration, dsl
    from azure.ai.ml.entities import Environment

    lab.write(f"{estate.WORKSPACE}/computes/second", estate.compute_body())
    conda = lab.file("conda.yml", "name: x\nchannels: [conda-forge]\ndependencies: [python]\n")
    inline = Environment(image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04", conda_file=str(conda))
    line = "python -c 'import os; print(os.environ[\"WORD\"])'"
    variables = {"environment_variables": {"WORD": "said"}}
    steps = {
        "inline": command("inline", line, environment=inline, **variables),
        "latest": command("latest", line, environment="plain@latest", **variables),
        "elsewhere": command("elsewhere", line, compute="second", **variables),
        "managed": command("managed", line, identity=ManagedIdentityConfiguration(), **variables),
        "user": command("user", line, identity=UserIdentityConfiguration(), **variables),
    }

    @dsl.pipeline(default_compute="cpu")
    def pipeline():
        for name, step in steps.items():
            node = step()
            node.name = name

    done = lab.run(pipeline())
    jobs = {name: lab.ml.jobs.get(step.name) for name, step in lab.steps(done.name).items()}
    assert {name: str(job.compute).rsplit("/", 1)[-1] for name, job in jobs.items()} == {
        **dict.fromkeys(steps, "cpu"),
        "elsewhere": "second",
    }
    assert {lab.log(job.name) for job in jobs.values()} == {"said\n"}


def test_inputs_of_the_pipeline_are_settings_of_its_steps(lab: Lab) -> None:
    """Azure's own example of training and evaluation names the compute so, in a pipeline inside another."""
    from azure.ai.ml import load_job

    lab.write(f"{estate.WORKSPACE}/computes/third", estate.compute_body())
    lab.file(
        "bound/say.yml",
        """
        type: command
        name: say
        command: echo $WORD
        environment: azureml:plain:1
        """,
    )
    lab.file(
        "bound/train_pipeline.yml",
        """
        type: pipeline
        name: train_pipeline
        inputs:
          train_node_compute: {type: string}
          word: {type: string, default: said}
          seconds: {type: integer, default: 600}
        jobs:
          train:
            type: command
            component: ./say.yml
            environment_variables: {WORD: "${{parent.inputs.word}} aloud"}
            limits: {timeout: "${{parent.inputs.seconds}}"}
            compute: ${{parent.inputs.train_node_compute}}
        """,
    )
    path = lab.file(
        "bound/job.yml",
        """
        type: pipeline
        settings: {default_compute: azureml:cpu}
        inputs: {compute: third, other: azureml:third}
        jobs:
          inside:
            type: pipeline
            component: ./train_pipeline.yml
            inputs: {train_node_compute: "${{parent.inputs.compute}}"}
          alone:
            type: command
            command: echo alone
            environment: azureml:plain:1
            compute: ${{parent.inputs.other}}
        """,
    )
    done = lab.run(load_job(path))
    steps = lab.steps(done.name)
    train = lab.steps(steps["inside"].name)["train"]
    assert lab.log(train.name) == "said aloud\n"
    jobs = [lab.ml.jobs.get(train.name), lab.ml.jobs.get(steps["alone"].name)]
    assert [str(job.compute).rsplit("/", 1)[-1] for job in jobs] == ["third", "third"]
