"""Publishes the training pipeline: its components, a deployment under the endpoint, the default last."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ml.azure.assets import Assets, at, version_of
from ml.azure.clients import Azure
from ml.azure.management import SUCCEEDED
from ml.azure.runs import FINISHED
from ml.content import Files, content_key, sha256_of_program
from ml.jobs import pipeline, spec
from ml.jobs.pipeline import Plan
from ml.jobs.snapshot import SENT_ANEW, Snapshot
from ml.published import code as codes
from ml.published import names
from ml.steps.bounds import text_of

OF_PIPELINES: Final = "2024-01-01-preview"
"""The version of the API in which a deployment may be of a pipeline component (azure-ai-ml 1.35)."""
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
    joined = [sha256_of_program(Path(str(module.__file__))) for module in (pipeline, spec)]
    return content_key({"plan": content, "code": code_sha256, "joined": joined, "anew": anew})


def publish(azure: Azure, code: Snapshot, environment: str, *, anew: bool = False) -> Published:
    """Make the version of this content the endpoint's default; nothing is made when it is already.

    anew: the code is sent again, as another version. Raises MlopsError.
    """
    word = secrets.token_hex(16) if anew else ""
    plan = plan_of(azure, Path(), code.commit, environment)
    files = {**code.files, **({SENT_ANEW: word.encode()} if anew else {})}
    sent = content_key({"code": code.sha256, "anew": word})
    return _Publisher(azure, plan, key_of(plan, code.sha256, word), files, sent).published()


class _Publisher:
    """One version on its way. Each step may have been done by an earlier call that was cut off.

    files: the code. sent: the key of its content.
    """

    def __init__(self, azure: Azure, plan: Plan, key: str, files: Files, sent: str) -> None:
        estate = azure.estate
        self._azure = azure
        self._plan = plan
        self._key = key
        self._files, self._sent = files, sent
        self._endpoint = names.endpoint(estate.subscription_id, estate.resource_group, estate.workspace)
        self._deployment = names.deployment(key)
        self._batch = Assets(azure, OF_PIPELINES)

    def published(self) -> Published:
        endpoint = self._batch.read(self._place(), "read batch endpoints")
        if endpoint is not None and _default_of(endpoint) == self._deployment:
            self._azure.report.line(f"the pipeline {names.version(self._key)} is published")
            return self._told(made=False)
        if endpoint is None:
            self._put_endpoint(None)
        # One that Azure could not make is there all the same: made again, before it becomes the default.
        place = self._place("deployments", self._deployment)
        made = self._batch.settled(place, "read batch deployments") != SUCCEEDED
        if made:
            self._deploy(self._component())
        self._put_endpoint(self._deployment)
        self._azure.report.line(f"the pipeline {names.version(self._key)} is the endpoint's default")
        return self._told(made=made, removed=self._tidied())

    def _told(self, *, made: bool, removed: tuple[str, ...] = ()) -> Published:
        url = names.endpoint_url(self._endpoint, self._azure.estate.location)
        return Published(self._endpoint, url, self._deployment, names.version(self._key), made, removed)

    def _place(self, *below: str) -> str:
        return at("batchEndpoints", self._endpoint, *below)

    def _put_endpoint(self, default: str | None) -> None:
        said: dict[str, Any] = {
            "authMode": "AADToken",
            "description": f"Starts the training of {self._plan.model_name}",
            "properties": {},
            **({"defaults": {"deploymentName": default}} if default else {}),
        }
        body = {
            "location": self._azure.estate.location,
            # Azure refuses an endpoint with a tag that is empty.
            "tags": {"model": self._plan.model_name},
            "properties": said,
        }
        self._batch.write(self._place(), body, "make batch endpoints")

    def _component(self) -> str:
        """The id of the registered pipeline component of this content; those of its steps come before it."""
        version = names.version(self._key)
        place = version_of("components", f"{names.component()}:{version}")
        if self._azure.assets.read(place, "read components") is None:
            steps = pipeline.declared()
            code = codes.ensure(self._azure, self._files, self._sent)
            environment = self._azure.assets.id(version_of("environments", self._plan.environment))
            own = {"code": f"azureml:{code}", "environment": f"azureml:{environment}"}
            ids = {step: self._registered({**one, **own}, step) for step, one in steps.items()}
            self._registered(pipeline.assemble(self._plan, steps, ids))
        return self._azure.assets.id(place)

    def _registered(self, said: Mapping[str, Any], step: str = "") -> str:
        """Register a component; its id."""
        name, version = names.component(step), names.version(self._key)
        self._azure.report.line(f"component {name}:{version}")
        place = version_of("components", f"{name}:{version}")
        properties = {
            "componentSpec": {**said, "name": name, "version": version},
            "description": said.get("description"),
            "isAnonymous": False,
            "isArchived": False,
            "properties": {},
            "tags": {},
        }
        self._azure.assets.write(place, {"properties": properties}, "create components")
        return self._azure.assets.id(place)

    def _deploy(self, component: str) -> None:
        said = {
            "description": f"Training of {self._plan.model_name}",
            "deploymentConfiguration": {
                "deploymentConfigurationType": "PipelineComponent",
                "componentId": {"assetId": component, "referenceType": "Id"},
                "settings": {"default_compute": self._plan.compute, "continue_on_step_failure": "False"},
            },
        }
        body = {
            "location": self._azure.estate.location,
            "tags": {KEY: self._key, "code_commit": self._plan.code_commit},
            "properties": said,
        }
        self._batch.write(self._place("deployments", self._deployment), body, "make batch deployments")

    def _deployments(self) -> list[dict[str, Any]]:
        return self._batch.listed(self._place("deployments"), "read batch deployments")

    def _tidied(self) -> tuple[str, ...]:
        """Delete the deployments that are neither among the newest nor have a run under way.

        Their components stay: registered models came from them.
        """
        azure = self._azure
        others = [one for one in self._deployments() if one["name"] != self._deployment]
        newest_first = sorted(others, key=_created, reverse=True)
        removed: list[str] = []
        for old in newest_first[azure.settings.published.keep - 1 :]:
            name = str(old["name"])
            # Resource Manager does not know the jobs of a deployment, and azure-ai-ml whom to ask.
            runs = azure.granted(
                lambda name=name: list(azure.ml.batch_deployments.list_jobs(self._endpoint, name=name)),
                "list the jobs of batch deployments",
            )
            if any(run.status not in FINISHED for run in runs):
                azure.report.line(f"the deployment {name} stays: runs of it are under way")
                continue
            self._batch.remove(self._place("deployments", name), "delete batch deployments")
            azure.report.line(f"the deployment {name} was removed")
            removed.append(name)
        return tuple(removed)


def _default_of(endpoint: Mapping[str, Any]) -> str | None:
    return (endpoint["properties"].get("defaults") or {}).get("deploymentName")


def _created(deployment: Mapping[str, Any]) -> str:
    return str((deployment.get("systemData") or {}).get("createdAt") or "")
