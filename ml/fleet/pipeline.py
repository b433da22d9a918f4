"""The training of a fleet as an Azure ML pipeline: rows prepared once, a step for each share of the members.

A step trains many members, on all cores of its node: a pipeline then has as many steps as there are nodes
to train at once, however many members there are. A step for each member would meet Azure's limits of a
pipeline's nodes and pay a minute of start for seconds of training; a sweep has one result, the best; and a
parallel job's mini-batches are files, whose failures are counted but not told by member.
"""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.azure.clients import Azure, without_its_own_output
from ml.jobs.pipeline import Plan, load_step, whole
from ml.published.publish import plan_of
from ml.steps.compare import override

if TYPE_CHECKING:
    from azure.ai.ml.entities import PipelineJob

    from ml.fleet.declaration import Declaration
    from ml.jobs.submission import Inputs, Made, Request

STEPS: Final = ("prepare", "validate", "train")  # of ml/steps
PACKAGES: Final = ("ml.fleet.members", "ml.fleet.gather")
DIRECTORY: Final = Path(__file__).parent
DECLARATION: Final = "fleet.toml"  # beside the code that the steps run


class Declared:
    """A declaration with the text that it was read from, which goes with the code."""

    def __init__(self, declaration: "Declaration", text: str) -> None:
        self.declaration, self.text = declaration, text


def assemble(plan: Plan, shards: int, data_sha256: str, *, force: bool = False) -> "PipelineJob":
    """The pipeline job, not yet submitted. `plan.trials`: of the pooled model's search."""
    from azure.ai.ml import Input
    from azure.ai.ml.entities import ManagedIdentityConfiguration

    steps: dict[str, Any] = {step: load_step(step, plan) for step in STEPS}
    parts: dict[str, Any] = {part: load_step(part, plan, DIRECTORY) for part in ("members", "gather")}
    seconds = plan.time_limit_minutes * 60
    identity = ManagedIdentityConfiguration(client_id=plan.identity_client_id)

    def bound(*nodes: Any) -> None:
        for node in nodes:
            node.identity = identity
            node.set_limits(timeout=seconds)

    def fleet(raw: Input) -> dict[str, Any]:  # the names of the local variables become those of the steps
        origin = {
            "data_asset": override.encoded(plan.data_asset),
            "data_sha256": data_sha256,
            "code_commit": plan.code_commit,
            "environment": plan.environment,
        }
        prepare = steps["prepare"](raw=raw, sha256=data_sha256, **plan.split)
        validate = steps["validate"](prepared=prepare.outputs.prepared)
        train = steps["train"](
            validated=validate.outputs.validated,
            seed=plan.seed,
            trials=plan.trials,
            **plan.costs,
            **plan.start,
        )
        tables = {"validated": validate.outputs.validated, "pooled": train.outputs.model}
        trained: dict[str, Any] = {}
        for number in range(1, shards + 1):
            node = parts["members"](**tables, shard=number, seed=plan.seed, **plan.costs, **origin)
            node.name = f"members_{number}"
            bound(node)
            trained[f"shard_{number}"] = node.outputs.members
        gather = parts["gather"](**tables, **trained, **origin)
        bound(prepare, validate, train, gather)
        return {"registration": gather.outputs.registration}

    return whole("fleet", fleet, plan, force)


def begin(
    azure: Azure, request: "Request", inputs: "Inputs", made: "Made", name: str, fleet: Declared
) -> None:
    """Submit the training of a fleet under this name. Raises MlopsError."""
    with (
        azure.report.phase(f"submitting {name}"),
        tempfile.TemporaryDirectory(prefix="mlops-") as scratch,
    ):
        code = inputs.code.write(Path(scratch) / "code", anew=request.rebuild)
        (code / DECLARATION).write_text(fleet.text, encoding="utf-8")
        plan = replace(
            plan_of(azure, code, inputs.code.commit, made.environment),
            data_asset=made.data_asset,
            trials=request.trials,
        )
        shards = fleet.declaration.shards
        job: Any = assemble(plan, shards, inputs.data.sha256, force=request.force or request.rebuild)
        job.name = name
        job.display_name = f"{fleet.declaration.name} on {plan.data_asset}"
        job.tags = {
            "key": inputs.key,
            "fleet": fleet.declaration.name,
            "owner": fleet.declaration.owner,
            "data": plan.data_asset,
            "data_sha256": inputs.data.sha256,
            "code_commit": plan.code_commit,
            "environment": plan.environment,
            **replace(request.reason, data=plan.data_asset).tags(),
        }

        def send() -> Any:
            with without_its_own_output():
                return azure.ml.jobs.create_or_update(job)

        azure.report.line(str(azure.granted(send, "submit jobs").studio_url))
