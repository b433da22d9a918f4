"""`mlops status`: what is registered and what is deployed."""

from typing import Any

from ml.azure.clients import Azure
from ml.deploy import group
from ml.deploy.endpoint import Endpoint

MOST_MODELS = 10


def readiness(address: str) -> str:
    import httpx

    try:
        code = Endpoint(address, "").get("/readyz").status_code
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return "ready" if code == 200 else f"not ready ({code})"


def status(azure: Azure) -> dict[str, Any]:
    from azure.core.exceptions import ResourceNotFoundError

    name = azure.settings.training.model_name
    try:
        models = azure.granted(lambda: list(azure.ml.models.list(name)), "list models")
    except ResourceNotFoundError:
        models = []
    outputs = group.outputs(azure.estate.environment)
    address = str(outputs.get("address") or "")
    return {
        "environment": azure.estate.environment,
        "workspace": azure.estate.workspace,
        "models": [
            {"model": f"{model.name}:{model.version}", "tags": dict(model.tags or {})}
            for model in models[:MOST_MODELS]
        ],
        "deployed": {**outputs, "state": readiness(address)} if address else None,
    }
