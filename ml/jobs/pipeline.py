"""The training pipeline: its steps' components (ml/steps/*/component.yml) joined into one component."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from ml.errors import MlopsError
from ml.published.reason import StartedBy
from ml.steps.prepare import UNKNOWN
from ml.steps.train.space import USUAL

if TYPE_CHECKING:
    from azure.ai.ml.entities import CommandComponent, PipelineComponent

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

    file = directory / step / "component.yml"
    if not file.is_file():
        raise MlopsError(
            f"The pipeline's step {step} has no {file}.", "Restore the file from the repository."
        )
    component: Any = load_component(file)
    component.code = str(plan.code)
    component.environment = f"azureml:{plan.environment}"
    return component


def inputs_of(plan: Plan) -> dict[str, Any]:
    """What each call of the published pipeline says, by name; those with a default or optional may lack."""
    from azure.ai.ml import Input

    def literal(kind: str, **more: Any) -> Any:
        return Input(type=kind, **more)

    return {
        "data": literal("uri_file", description="The data set, parquet."),
        "data_name": literal("string", description="NAME:VERSION of the data set, or its URI; encoded."),
        "data_sha256": literal("string", default=UNKNOWN, description="SHA-256 of the data set's file."),
        "started_by": literal("string", enum=[*get_args(StartedBy)], description="What started the run."),
        "reason": literal("string", description="Why, in words; encoded."),
        "event": literal("string", optional=True, description="Id of what started the run; encoded."),
        "override": literal("string", optional=True, description="As the step compare takes it."),
        "code_commit": literal("string", default=plan.code_commit, description="Commit of the code."),
        "metric": literal("string", default=plan.metric, description="What decides."),
        "margin": literal("number", default=plan.margin, description="By how much it has to be better."),
        "trials": literal("integer", default=plan.trials, description="Of the search."),
        "start_from": literal("string", optional=True, description="As the step train takes it."),
        "anew": literal("string", default=FROM_BEFORE, description="As the step prepare takes it."),
    }


def load_steps(plan: Plan, directory: Path = STEPS_DIRECTORY) -> dict[str, Any]:
    return {step: load_step(step, plan, directory) for step in STEPS}


def assemble(plan: Plan, steps: Mapping[str, Any] | None = None) -> "PipelineComponent":
    """The pipeline component, not yet registered: the STEPS in order.

    steps: their components by name; without them, those of the files
    """
    from azure.ai.ml import Input, dsl
    from azure.ai.ml.entities import ManagedIdentityConfiguration

    made = steps or load_steps(plan)

    def bound(*nodes: Any) -> None:
        for node in nodes:
            node.identity = ManagedIdentityConfiguration(client_id=plan.identity_client_id)
            node.set_limits(timeout=plan.time_limit_minutes * 60)

    def training(  # the names of the local variables become those of the steps
        data: Any,
        data_name: Any,
        data_sha256: Any,
        started_by: Any,
        reason: Any,
        event: Any,
        override: Any,
        code_commit: Any,
        metric: Any,
        margin: Any,
        trials: Any,
        start_from: Any,
        anew: Any,
    ) -> dict[str, Any]:
        origin = {
            "data_asset": data_name,
            "data_sha256": data_sha256,
            "code_commit": code_commit,
            "environment": plan.environment,
        }
        prepare = made["prepare"](raw=data, sha256=data_sha256, anew=anew, **plan.split)
        validate = made["validate"](prepared=prepare.outputs.prepared)
        train = made["train"](
            validated=validate.outputs.validated,
            seed=plan.seed,
            trials=trials,
            candidates=plan.candidates,
            start_from=start_from,
            **plan.costs,
            **plan.start,
        )
        evaluate = made["evaluate"](model=train.outputs.model, validated=validate.outputs.validated)
        card = made["card"](
            model=train.outputs.model,
            validated=validate.outputs.validated,
            bounds=plan.bounds,
            model_name=plan.model_name,
            **origin,
        )
        compare = made["compare"](
            evaluation=evaluate.outputs.evaluation,
            card=card.outputs.card,
            validated=validate.outputs.validated,
            model_name=plan.model_name,
            metric=metric,
            margin=margin,
            override=override,
        )
        register = made["register"](
            model=train.outputs.model,
            evaluation=evaluate.outputs.evaluation,
            decision=compare.outputs.decision,
            card=card.outputs.card,
            model_name=plan.model_name,
            started_by=started_by,
            reason=reason,
            event=event,
            **origin,
        )
        bound(prepare, validate, train, evaluate, card, compare, register)
        return {
            "evaluation": evaluate.outputs.evaluation,
            "decision": compare.outputs.decision,
            "registration": register.outputs.registration,
        }

    inputs = inputs_of(plan)
    training.__annotations__ = {**inputs}  # where azure-ai-ml reads the declarations of a pipeline's inputs
    decorated: Any = dsl.pipeline
    values = {name: given.default or "x" for name, given in inputs.items()}
    job: Any = decorated(name="training")(training)(
        **values | {"data": Input(type="uri_file", path="azureml:x:1")}
    )
    return job.component


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
