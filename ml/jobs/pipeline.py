"""The training pipeline: its steps' components (ml/steps/*/component.yml) joined into one component."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from ml.jobs import spec
from ml.jobs.spec import Node
from ml.published.reason import StartedBy
from ml.steps.prepare import UNKNOWN
from ml.steps.train.space import USUAL

if TYPE_CHECKING:
    from azure.ai.ml.entities import CommandComponent

STEPS_DIRECTORY = Path(__file__).parents[1] / "steps"
STEPS = ("prepare", "validate", "train", "evaluate", "card", "compare", "register")
FROM_BEFORE: Final = "no"  # of the input `anew`: a step may take its outputs of an earlier run


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pipeline is made of; `code` is the folder of the code's snapshot.

    The published pipeline takes metric, margin, trials and the commit as inputs: these are their defaults.
    """

    code: Path
    environment: str  # NAME:VERSION
    code_commit: str
    compute: str
    identity_client_id: str
    experiment: str
    model_name: str
    metric: str
    margin: float
    seed: int
    trials: int
    bounds: str  # as ml.steps.bounds reads it
    time_limit_minutes: int
    split: Mapping[str, float] = field(default_factory=dict[str, float])  # inputs of prepare, by name
    start: Mapping[str, float] = field(default_factory=dict[str, float])  # inputs of train, by name
    costs: Mapping[str, float] = field(
        default_factory=dict[str, float]
    )  # what errors cost: inputs of train, by name
    candidates: str = ",".join(USUAL)  # input of train
    data_asset: str = ""  # NAME:VERSION; of a job, which has its data set before it begins


def load_step(step: str, plan: Plan, directory: Path = STEPS_DIRECTORY) -> "CommandComponent":
    """A step's component, with the plan's code and environment instead of those in its file."""
    from azure.ai.ml import load_component

    component: Any = load_component(spec.file_of(directory, step))
    component.code = str(plan.code)
    component.environment = f"azureml:{plan.environment}"
    return component


def inputs_of(plan: Plan) -> dict[str, dict[str, Any]]:
    """What each call of the published pipeline says, by name; those with a default or optional may lack."""

    def literal(kind: str, description: str, **more: Any) -> dict[str, Any]:
        return spec.told({"type": kind, "description": description, **more})

    return {
        "data": literal("uri_file", "The data set, parquet."),
        "data_name": literal("string", "NAME:VERSION of the data set, or its URI; encoded."),
        "data_sha256": literal("string", "SHA-256 of the data set's file.", default=UNKNOWN),
        "started_by": literal("string", "What started the run.", enum=[*get_args(StartedBy)]),
        "reason": literal("string", "Why, in words; encoded."),
        "event": literal("string", "Id of what started the run; encoded.", optional=True),
        "override": literal("string", "As the step compare takes it.", optional=True),
        "code_commit": literal("string", "Commit of the code.", default=plan.code_commit),
        "metric": literal("string", "What decides.", default=plan.metric),
        "margin": literal("number", "By how much it has to be better.", default=plan.margin),
        "trials": literal("integer", "Of the search.", default=plan.trials),
        "start_from": literal("string", "As the step train takes it.", optional=True),
        "anew": literal("string", "As the step prepare takes it.", default=FROM_BEFORE),
    }


def joined(plan: Plan) -> dict[str, Node]:
    """The STEPS in order: where the inputs of each come from, and which outputs are the pipeline's."""

    def given(name: str) -> str:
        return f"${{{{parent.inputs.{name}}}}}"

    def of(step: str, output: str) -> str:
        return f"${{{{parent.jobs.{step}.outputs.{output}}}}}"

    model, validated = of("train", "model"), of("validate", "validated")
    origin = {
        "data_asset": given("data_name"),
        "data_sha256": given("data_sha256"),
        "code_commit": given("code_commit"),
        "environment": plan.environment,
    }
    return {
        "prepare": Node(
            {"raw": given("data"), "sha256": given("data_sha256"), "anew": given("anew"), **plan.split}
        ),
        "validate": Node({"prepared": of("prepare", "prepared")}),
        "train": Node(
            {
                "validated": validated,
                "seed": plan.seed,
                "trials": given("trials"),
                "candidates": plan.candidates,
                "start_from": given("start_from"),
                **plan.costs,
                **plan.start,
            }
        ),
        "evaluate": Node({"model": model, "validated": validated}, ("evaluation",)),
        "card": Node(
            {
                "model": model,
                "validated": validated,
                "bounds": plan.bounds,
                "model_name": plan.model_name,
                **origin,
            }
        ),
        "compare": Node(
            {
                "evaluation": of("evaluate", "evaluation"),
                "card": of("card", "card"),
                "validated": validated,
                "model_name": plan.model_name,
                "metric": given("metric"),
                "margin": given("margin"),
                "override": given("override"),
            },
            ("decision",),
        ),
        "register": Node(
            {
                "model": model,
                "evaluation": of("evaluate", "evaluation"),
                "decision": of("compare", "decision"),
                "card": of("card", "card"),
                "model_name": plan.model_name,
                "started_by": given("started_by"),
                "reason": given("reason"),
                "event": given("event"),
                **origin,
            },
            ("registration",),
        ),
    }


def declared(directory: Path = STEPS_DIRECTORY) -> dict[str, dict[str, Any]]:
    """What the component.yml of each of the STEPS declares, as the service takes it. Raises MlopsError."""
    return {step: spec.declared(directory, step) for step in STEPS}


def assemble(plan: Plan, steps: Mapping[str, dict[str, Any]], ids: Mapping[str, str]) -> dict[str, Any]:
    """The componentSpec of the pipeline. steps: what each of the STEPS declares. ids: of their components.

    Raises ValueError for an input that a step does not declare, or that it needs and does not get.
    """
    nodes = joined(plan)
    for step, made in nodes.items():
        inputs: dict[str, dict[str, Any]] = steps[step]["inputs"]
        needed = {name for name, one in inputs.items() if "default" not in one and not one.get("optional")}
        if wrong := (made.inputs.keys() - inputs.keys()) | (needed - made.inputs.keys()):
            raise ValueError(f"the step {step} is joined with other inputs than it declares: {sorted(wrong)}")
    outputs = {
        output: {"type": steps[step]["outputs"][output]["type"]}
        for step, made in nodes.items()
        for output in made.outputs
    }
    return {
        "type": "pipeline",
        "display_name": "training",
        "inputs": inputs_of(plan),
        "outputs": outputs,
        "jobs": {
            step: spec.node(step, made, ids[step], plan.identity_client_id, plan.time_limit_minutes)
            for step, made in nodes.items()
        },
    }


def whole(name: str, joined: Callable[..., dict[str, Any]], plan: Plan, force: bool) -> Any:
    """The pipeline job of the steps that `joined` joins. It gets the plan's data set as its input `raw`: an
    asset NAME:VERSION, or an address."""
    from azure.ai.ml import Input, dsl
    from azure.ai.ml.constants import AssetTypes

    decorated: Any = dsl.pipeline
    pipeline: Any = decorated(name=name, experiment_name=plan.experiment)(joined)
    path = plan.data_asset if "://" in plan.data_asset else f"azureml:{plan.data_asset}"
    job: Any = pipeline(raw=Input(type=AssetTypes.URI_FILE, path=path))
    job.settings.default_compute = plan.compute
    job.settings.continue_on_step_failure = False
    job.settings.force_rerun = force
    return job
