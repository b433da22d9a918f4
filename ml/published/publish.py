"""Publishes the training pipeline: its components, a deployment under the endpoint, the default last."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.azure.clients import Azure, without_its_own_output
from ml.azure.runs import FINISHED
from ml.content import content_key, sha256_of_program
from ml.jobs import pipeline
from ml.jobs.pipeline import Plan
from ml.jobs.snapshot import SENT_ANEW, Snapshot
from ml.published import names
from ml.steps.bounds import text_of

if TYPE_CHECKING:
    from azure.ai.ml.entities import BatchDeployment, BatchEndpoint, PipelineComponent

KEY = "content"  # tag of a deployment: the whole key of its content
APART = frozenset({"code", "code_commit"})  # of a plan: the code's own digest says what it is


@dataclass(frozen=True, slots=True)
class Published:
    """`made`: this call made the version; `removed` are deployments that nobody used any more."""

    endpoint: str
    url: str
    deployment: str
    version: str
    made: bool
    removed: tuple[str, ...] = ()


def plan_of(azure: Azure, code: Path, commit: str, environment: str) -> Plan:
    """What the settings and the estate say; code: the folder of the snapshot, environment: NAME:VERSION."""
    chosen = azure.settings
    training = chosen.training
    return Plan(
        code=code,
        environment=environment,
        code_commit=commit,
        compute=azure.estate.compute_cluster,
        identity_client_id=azure.estate.training_identity_client_id,
        experiment=training.experiment,
        model_name=training.model_name,
        metric=training.metric,
        margin=training.margin,
        seed=training.seed,
        trials=chosen.tuning.trials,
        bounds=text_of(chosen.bounds.bounds()),
        time_limit_minutes=training.time_limit_minutes,
        split=training.split(),
        start=chosen.tuning.start.given(),
        costs=training.costs(),
        candidates=",".join(chosen.tuning.candidates),
    )


def key_of(plan: Plan, code_sha256: str, anew: str = "") -> str:
    """The key of a version's content. The commit is no part of it: an equal tree is an equal pipeline.

    code_sha256: of the snapshot; anew: differs for code that is to be sent again
    """
    content = {name: value for name, value in asdict(plan).items() if name not in APART}
    joined = sha256_of_program(Path(pipeline.__file__))
    return content_key({"plan": content, "code": code_sha256, "joined": joined, "anew": anew})


def publish(azure: Azure, code: Snapshot, environment: str, *, anew: bool = False) -> Published:
    """Make the version of this content the endpoint's default; nothing is made when it is already.

    anew: the code is sent again, as another version. Raises MlopsError.
    """
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        folder = code.write(Path(scratch) / "code", anew=anew)
        plan = plan_of(azure, folder, code.commit, environment)
        word = (folder / SENT_ANEW).read_text(encoding="utf-8") if anew else ""
        key = key_of(plan, code.sha256, word)
        return _Publisher(azure, plan, key).published()


class _Publisher:
    """One version on its way. Each step may have been done by an earlier call that was cut off."""

    def __init__(self, azure: Azure, plan: Plan, key: str) -> None:
        estate = azure.estate
        self._azure = azure
        self._plan = plan
        self._key = key
        self._endpoint = names.endpoint(estate.subscription_id, estate.resource_group, estate.workspace)
        self._deployment = names.deployment(key)

    def published(self) -> Published:
        endpoint = self._get_endpoint()
        if endpoint is not None and _default_of(endpoint) == self._deployment:
            self._azure.report.line(f"the pipeline {names.version(self._key)} is published")
            return self._told(made=False)
        if endpoint is None:
            endpoint = self._put_endpoint(None)
        made = self._deployment not in {str(one.name) for one in self._deployments()}
        if made:
            self._deploy(self._component())
        self._put_endpoint(self._deployment)
        self._azure.report.line(f"the pipeline {names.version(self._key)} is the endpoint's default")
        return self._told(made=made, removed=self._tidied())

    def _told(self, *, made: bool, removed: tuple[str, ...] = ()) -> Published:
        url = names.endpoint_url(self._endpoint, self._azure.estate.location)
        return Published(self._endpoint, url, self._deployment, names.version(self._key), made, removed)

    def _get_endpoint(self) -> "BatchEndpoint | None":
        from azure.core.exceptions import ResourceNotFoundError

        azure = self._azure
        try:
            return azure.granted(lambda: azure.ml.batch_endpoints.get(self._endpoint), "read batch endpoints")
        except ResourceNotFoundError:
            return None

    def _put_endpoint(self, default: str | None) -> "BatchEndpoint":
        from azure.ai.ml.entities import BatchEndpoint

        azure = self._azure
        made = BatchEndpoint(
            name=self._endpoint,
            description=f"Starts the training of {self._plan.model_name}",
            tags={"model": self._plan.model_name},  # Azure refuses an endpoint with a tag that is empty
            defaults={"deployment_name": default} if default else None,
        )
        return azure.granted(
            lambda: azure.ml.batch_endpoints.begin_create_or_update(made).result(), "make batch endpoints"
        )

    def _component(self) -> "PipelineComponent":
        """The registered pipeline component of this content, and those of its steps."""
        from azure.core.exceptions import ResourceNotFoundError

        azure, version = self._azure, names.version(self._key)
        found: Any
        try:
            found = azure.granted(
                lambda: azure.ml.components.get(names.component(), version), "read components"
            )
        except ResourceNotFoundError:
            steps = {
                step: self._registered(component, names.component(step))
                for step, component in pipeline.load_steps(self._plan).items()
            }
            found = self._registered(pipeline.assemble(self._plan, steps), names.component())
        return found

    def _registered(self, component: Any, name: str) -> Any:
        azure = self._azure
        component.name, component.version = name, names.version(self._key)
        azure.report.line(f"component {name}:{component.version}")

        def send() -> Any:
            with without_its_own_output():
                return azure.ml.components.create_or_update(component)

        return azure.granted(send, "create components")

    def _deploy(self, component: "PipelineComponent") -> None:
        from azure.ai.ml.entities import PipelineComponentBatchDeployment

        azure = self._azure
        made: Any = PipelineComponentBatchDeployment(
            name=self._deployment,
            endpoint_name=self._endpoint,
            description=f"Training of {self._plan.model_name}",
            component=str(component.id),
            settings={"default_compute": self._plan.compute, "continue_on_step_failure": "False"},
            tags={KEY: self._key, "code_commit": self._plan.code_commit},
        )

        def send() -> Any:
            with without_its_own_output():
                return azure.ml.batch_deployments.begin_create_or_update(made).result()

        azure.granted(send, "make batch deployments")

    def _deployments(self) -> "list[BatchDeployment]":
        azure = self._azure
        return azure.granted(
            lambda: list(azure.ml.batch_deployments.list(self._endpoint)), "read batch deployments"
        )

    def _tidied(self) -> tuple[str, ...]:
        """Delete the deployments that are neither among the newest nor have a run under way.

        Their components stay: registered models came from them.
        """
        azure = self._azure
        others = [one for one in self._deployments() if one.name != self._deployment]
        newest_first = sorted(others, key=_created, reverse=True)
        removed: list[str] = []
        for old in newest_first[azure.settings.published.keep - 1 :]:
            name = str(old.name)
            runs = azure.granted(
                lambda name=name: list(azure.ml.batch_deployments.list_jobs(self._endpoint, name=name)),
                "list the jobs of batch deployments",
            )
            if any(run.status not in FINISHED for run in runs):
                azure.report.line(f"the deployment {name} stays: runs of it are under way")
                continue
            azure.granted(
                lambda name=name: azure.ml.batch_deployments.begin_delete(name, self._endpoint).result(),
                "delete batch deployments",
            )
            azure.report.line(f"the deployment {name} was removed")
            removed.append(name)
        return tuple(removed)


def _default_of(endpoint: "BatchEndpoint") -> str | None:
    defaults: Any = endpoint.defaults
    return getattr(defaults, "deployment_name", None) if defaults is not None else None


def _created(deployment: "BatchDeployment") -> str:
    context: Any = deployment.creation_context
    return str(getattr(context, "created_at", "") or "")
