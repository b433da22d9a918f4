"""The sweep over the step `train` as an Azure ML job: its search space, and the steps before it."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.azure.clients import Azure, without_its_own_output
from ml.jobs.pipeline import STEPS_DIRECTORY, Plan, load_step, whole
from ml.published.publish import plan_of
from ml.steps.train.space import BOOSTING, SPACE, Dimension

if TYPE_CHECKING:
    from azure.ai.ml.entities import PipelineJob

    from ml.jobs.submission import Inputs, Made, Request

STEPS = ("prepare", "validate", "train")
METRIC, GOAL = f"selection.{BOOSTING}.log_loss", "minimize"
MOST_CHOICES = 20  # values of a whole number that is searched on a logarithmic scale


def whole_numbers(dimension: Dimension) -> list[int]:
    """The whole numbers of a range; on a logarithmic scale, at most MOST_CHOICES of them, evenly spread."""
    low, high = int(dimension.low), int(dimension.high)
    if not dimension.log:
        return list(range(low, high + 1))
    ratio = (high / low) ** (1 / (MOST_CHOICES - 1))
    return sorted({round(low * ratio**number) for number in range(MOST_CHOICES)})


def space(dimensions: tuple[Dimension, ...] = SPACE) -> dict[str, Any]:
    """The search space in the sweep's own words, by input of the step.

    Whole numbers are given as choices: a service may draw 57.0 from a quantised range, and no integer input
    takes that.
    """
    import math

    from azure.ai.ml.sweep import Choice, LogUniform, Uniform

    def expression(dimension: Dimension) -> Any:
        if dimension.integer:
            return Choice(values=list[float | str | dict[str, Any]](whole_numbers(dimension)))
        if dimension.log:
            return LogUniform(math.log(dimension.low), math.log(dimension.high))
        return Uniform(dimension.low, dimension.high)

    return {dimension.name: expression(dimension) for dimension in dimensions}


def assemble(
    plan: Plan, directory: Path = STEPS_DIRECTORY, *, at_once: int = 1, force: bool = False
) -> "PipelineJob":
    """The pipeline job, not yet submitted: rows are prepared once, then there are `plan.trials` trials."""
    from azure.ai.ml import Input
    from azure.ai.ml.entities import ManagedIdentityConfiguration
    from azure.ai.ml.sweep import RandomSamplingAlgorithm

    steps: dict[str, Any] = {step: load_step(step, plan, directory) for step in STEPS}
    seconds = plan.time_limit_minutes * 60
    identity = ManagedIdentityConfiguration(client_id=plan.identity_client_id)

    def bound(prepare: Any, validate: Any, sweep: Any) -> None:
        for node in (prepare, validate):
            node.identity = identity
            node.set_limits(timeout=seconds)
        sweep.set_limits(
            max_total_trials=plan.trials,
            max_concurrent_trials=min(at_once, plan.trials),
            timeout=seconds,
            trial_timeout=seconds,
        )

    def sweeping(raw: Input) -> dict[str, Any]:  # the names of the local variables become those of the steps
        prepare = steps["prepare"](raw=raw, **plan.split)
        validate = steps["validate"](prepared=prepare.outputs.prepared)
        trial = steps["train"](
            validated=validate.outputs.validated,
            seed=plan.seed,
            trials=1,
            candidates=BOOSTING,  # the space is that of this one alone, and so is the metric
            tracking="required",
            **space(),
        )
        train = trial.sweep(
            primary_metric=METRIC, goal=GOAL, sampling_algorithm=RandomSamplingAlgorithm(seed=plan.seed)
        )
        bound(prepare, validate, train)
        return {"model": train.outputs.model}

    job = whole("sweep", sweeping, plan, force)
    job.identity = identity  # azure-ai-ml does not send that of a sweep itself
    return job


def begin(azure: Azure, request: "Request", inputs: "Inputs", made: "Made", name: str) -> None:
    """Submit the sweep under this name. Raises MlopsError."""
    settings = azure.settings
    with (
        azure.report.phase(f"submitting {name}"),
        tempfile.TemporaryDirectory(prefix="mlops-") as scratch,
    ):
        code = inputs.code.write(Path(scratch) / "code", anew=request.rebuild)
        plan = replace(
            plan_of(azure, code, inputs.code.commit, made.environment),
            data_asset=made.data_asset,
            trials=request.trials,
        )
        at_once = settings.tuning.sweep.at_once
        job: Any = assemble(plan, at_once=at_once, force=request.force or request.rebuild)
        job.name = name
        job.display_name = f"{plan.model_name} on {plan.data_asset}"
        job.tags = {
            "key": inputs.key,
            "data": plan.data_asset,
            "data_sha256": inputs.data.sha256,
            "code_commit": plan.code_commit,
            "environment": plan.environment,
            "metric": request.metric,
            "margin": str(request.margin),
            **replace(request.reason, data=plan.data_asset).tags(),
        }

        def send() -> Any:
            with without_its_own_output():
                return azure.ml.jobs.create_or_update(job)

        azure.report.line(str(azure.granted(send, "submit jobs").studio_url))
