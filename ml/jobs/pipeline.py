"""The training pipeline: its steps' components (ml/steps/*/component.yml) joined into one Azure ML job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.errors import MlopsError
from ml.steps.compare import override

if TYPE_CHECKING:
    from azure.ai.ml.entities import CommandComponent, PipelineJob

STEPS_DIRECTORY = Path(__file__).parents[1] / "steps"
STEPS = ("prepare", "validate", "train", "evaluate", "card", "compare", "register")


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides what a training pipeline does; `code` is the folder of the code's snapshot."""

    code: Path
    environment: str  # NAME:VERSION
    data_asset: str  # NAME:VERSION
    data_sha256: str
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
    override: str | None = None  # why a model that is not better is registered


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


def assemble(plan: Plan, directory: Path = STEPS_DIRECTORY, *, force: bool = False) -> "PipelineJob":
    """The pipeline job, not yet submitted: the STEPS in order.

    With `force` every step runs, even where Azure ML has its output of an earlier job.
    """
    from azure.ai.ml import Input
    from azure.ai.ml.entities import ManagedIdentityConfiguration

    origin = {
        "data_asset": plan.data_asset,
        "data_sha256": plan.data_sha256,
        "code_commit": plan.code_commit,
        "environment": plan.environment,
    }
    steps: dict[str, Any] = {step: load_step(step, plan, directory) for step in STEPS}

    def bound(*nodes: Any) -> None:
        for node in nodes:
            node.identity = ManagedIdentityConfiguration(client_id=plan.identity_client_id)
            node.set_limits(timeout=plan.time_limit_minutes * 60)

    def training(raw: Input) -> dict[str, Any]:  # the names of the local variables become those of the steps
        prepare = steps["prepare"](raw=raw, **plan.split)
        validate = steps["validate"](prepared=prepare.outputs.prepared)
        train = steps["train"](
            validated=validate.outputs.validated,
            seed=plan.seed,
            trials=plan.trials,
            **plan.costs,
            **plan.start,
        )
        evaluate = steps["evaluate"](model=train.outputs.model, validated=validate.outputs.validated)
        card = steps["card"](
            model=train.outputs.model,
            validated=validate.outputs.validated,
            bounds=plan.bounds,
            model_name=plan.model_name,
            **origin,
        )
        compare = steps["compare"](
            evaluation=evaluate.outputs.evaluation,
            card=card.outputs.card,
            validated=validate.outputs.validated,
            model_name=plan.model_name,
            metric=plan.metric,
            margin=plan.margin,
            **({} if plan.override is None else {"override": override.encoded(plan.override)}),
        )
        register = steps["register"](
            model=train.outputs.model,
            evaluation=evaluate.outputs.evaluation,
            decision=compare.outputs.decision,
            card=card.outputs.card,
            model_name=plan.model_name,
            **origin,
        )
        bound(prepare, validate, train, evaluate, card, compare, register)
        return {
            "evaluation": evaluate.outputs.evaluation,
            "decision": compare.outputs.decision,
            "registration": register.outputs.registration,
        }

    return whole("training", training, plan, force)


def whole(name: str, joined: Callable[..., dict[str, Any]], plan: Plan, force: bool) -> Any:
    """The pipeline job of the steps that `joined` joins. It gets the plan's data set as its input `raw`."""
    from azure.ai.ml import Input, dsl
    from azure.ai.ml.constants import AssetTypes

    decorated: Any = dsl.pipeline
    pipeline: Any = decorated(name=name, experiment_name=plan.experiment)(joined)
    job: Any = pipeline(raw=Input(type=AssetTypes.URI_FILE, path=f"azureml:{plan.data_asset}"))
    job.settings.default_compute = plan.compute
    job.settings.continue_on_step_failure = False
    job.settings.force_rerun = force
    return job
