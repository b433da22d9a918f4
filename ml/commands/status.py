"""`mlops status`: what is registered and what is deployed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Group, RenderableType
from rich.markup import escape

from ml.terminal import options
from ml.terminal.console import facts, table
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.deploy.endpoint import Endpoint

Found = TypeVar("Found")
MOST_MODELS = 10
# What is shown of a registered model: column -> its tag; --json has all tags.
MODEL_TAGS = {
    "model": "model",
    "estimator": "estimator",
    "roc_auc": "roc_auc",
    "log_loss": "log_loss",
    "release": "{release}",
}


def command(env: options.Environment, as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:
    """What is registered, what is deployed, and in production who answers, since when, by whose approval."""
    run(env, as_json, quiet, status, render, imports=("azure.identity", "kubernetes.client"))


def readiness(endpoint: "Endpoint") -> str:
    import httpx

    try:
        code = endpoint.get(endpoint.ready_path).status_code
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return "ready" if code == 200 else f"not ready ({code})"


def status(azure: "Azure", root: Path) -> dict[str, Any]:
    models = registered(azure)
    return {
        "environment": azure.estate.environment,
        "workspace": azure.estate.workspace,
        "models": models,
        "deployed": deployed(azure),
        "production": production_of(azure, root),
    }


def deployed(azure: "Azure") -> dict[str, Any] | None:
    """What stands in the stack of container groups, where callers ask for it, and whether it answers."""
    from ml.deploy import group, ways

    outputs = group.outputs(azure.estate.environment)
    if not outputs.get("address"):
        return None
    endpoint = ways.deployed(azure, outputs)
    told = {name: value for name, value in outputs.items() if name != group.RAISED}
    return {
        **told,
        "address": endpoint.address,
        "inside": outputs["address"],
        "state": readiness(endpoint),
    }


def registered(azure: "Azure") -> list[dict[str, Any]] | None:
    """The newest models with their tags; None as below."""
    from ml.azure import models

    name = azure.settings.training.model_name
    found = _readable(azure, lambda: models.newest(azure, name, MOST_MODELS))
    if found is None:
        return None
    return [{"model": f"{model.name}:{model.version}", "tags": model.tags} for model in found]


def registered_models(azure: "Azure") -> list[Any] | None:
    """The newest models with all that azure-ai-ml says of them; None as below."""
    name = azure.settings.training.model_name
    found = _readable(azure, lambda: list(azure.ml.models.list(name)))  # which asks for no order
    return None if found is None else sorted(found, key=_made, reverse=True)[:MOST_MODELS]


def _made(model: Any) -> float:
    """When a version was registered, in seconds since 1970."""
    return model.creation_context.created_at.timestamp()


def _readable(azure: "Azure", listed: Callable[[], list[Found]]) -> list[Found] | None:
    """The models; None where production is asked about by somebody who may not read models.

    Whoever promotes and goes back is such a one, and what serves must be shown at once all the same.
    """
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

    try:
        return listed() if has_production(azure) else azure.granted(listed, "list models")
    except ResourceNotFoundError:
        return []
    except HttpResponseError as error:
        if error.status_code == 404:  # as it is said where azure-ai-ml does not ask
            return []
        if error.status_code != 403:
            raise
        return None


def has_production(azure: "Azure") -> bool:
    """Whether the environment has a cluster, a gateway and a place for its releases."""
    estate = azure.estate
    return None not in (estate.kubernetes_cluster, estate.gateway_pool, estate.release_account)


def production_of(azure: "Azure", root: Path) -> dict[str, Any] | None:
    """Revisions, weights and what is under way; None in an environment that has no cluster or no gateway."""
    from ml.production.assembly import Production
    from ml.production.status import status as in_production

    if not has_production(azure):
        return None
    return in_production(Production(azure, root).world())


def _models(answer: Mapping[str, Any]) -> RenderableType:
    if answer["models"] is None:
        return f"Models of {answer['workspace']} are not shown: whoever is signed in may not read them."
    if not answer["models"]:
        train = f"mlops train --env {answer['environment']}"
        return f"No model is registered in {answer['workspace']}. `{train}` makes the first one."
    models = table(f"Registered in {answer['workspace']}", *MODEL_TAGS)
    for item in answer["models"]:
        tags: Mapping[str, str] = {"model": item["model"], **item["tags"]}
        release = f"release-{answer['environment']}"
        models.add_row(
            *(escape(str(tags.get(tag.format(release=release), "-"))) for tag in MODEL_TAGS.values())
        )
    return Group(models, *(_overridden(item) for item in answer["models"] if "override" in item["tags"]))


def _overridden(item: Mapping[str, Any]) -> str:
    """The reason of an override, in a line of its own: in a column it would wrap the names beside it."""
    return escape(f"{item['model']} was not better and is registered by override: {item['tags']['override']}")


def render(answer: Mapping[str, Any]) -> RenderableType:
    models, deployed = _models(answer), answer["deployed"]
    if production := answer.get("production"):
        from ml.production.status import render as of_production

        return Group(models, of_production(production))
    if deployed is None:
        return Group(models, f"Nothing is deployed in {answer['environment']}.")
    return Group(models, facts(f"Deployed in {answer['environment']}", deployed))
