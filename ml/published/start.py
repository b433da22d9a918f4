"""Starts a training on this machine's data set, by the endpoint that every trigger calls."""

from dataclasses import replace
from typing import TYPE_CHECKING

from ml.azure.clients import Azure
from ml.published import call, names
from ml.published.publish import publish
from ml.steps.compare import override

if TYPE_CHECKING:
    from ml.jobs.submission import Inputs, Made, Request


def begin(azure: Azure, request: "Request", inputs: "Inputs", made: "Made", name: str) -> None:
    """Start the run of this name. Raises MlopsError."""
    report, estate = azure.report, azure.estate
    with report.phase("published pipeline"):
        published = publish(azure, inputs.code, made.environment, anew=request.rebuild)
    reason = replace(request.reason, data=made.data_asset)
    given: dict[str, call.Value] = {
        "data": call.File(
            names.data_asset(estate.subscription_id, estate.resource_group, estate.workspace, made.data_asset)
        ),
        "data_sha256": inputs.data.sha256,
        "code_commit": inputs.code.commit,
        "metric": request.metric,
        "margin": request.margin,
        "trials": request.trials,
        **reason.inputs(),
    }
    if request.override is not None:
        given["override"] = override.encoded(request.override)
    if request.start_from is not None:
        given["start_from"] = request.start_from
    if request.force or request.rebuild:
        given["anew"] = name
    tags = {
        "key": inputs.key,
        "data": made.data_asset,
        "data_sha256": inputs.data.sha256,
        "code_commit": inputs.code.commit,
        "environment": made.environment,
        "metric": request.metric,
        "margin": str(request.margin),
        **({} if request.override is None else {override.TAG: request.override}),
        **reason.tags(),
    }
    with report.phase(f"starting {name}"):
        _call(azure, published.url, published.deployment, given, name)
        _tag(azure, name, tags)
        report.line(f"by the endpoint {published.endpoint}, {published.deployment}")


def _call(azure: Azure, url: str, deployment: str, given: dict[str, call.Value], name: str) -> None:
    from azure.core.exceptions import HttpResponseError

    def send() -> str:
        try:
            return call.start(
                url,
                _token(azure),
                given,
                job=name,
                experiment=azure.settings.training.experiment,
                deployment=deployment,
                timeout_s=azure.settings.azure.read_seconds,
            )
        except call.CallError as error:
            refused = HttpResponseError(message=error.words)
            refused.status_code = error.status
            raise refused from error

    azure.granted(send, "start jobs by the batch endpoint")


def _tag(azure: Azure, name: str, tags: dict[str, str]) -> None:
    """What the tags say stands in the run's inputs, too: without them it is only found less easily."""
    estate = azure.estate
    url = names.tracking_url(estate.subscription_id, estate.resource_group, estate.workspace, estate.location)
    try:
        call.tag(url, _token(azure), name, tags)
    except call.CallError as error:
        azure.report.warn(f"the run {name} has no tags: {error.words}")


def _token(azure: Azure) -> str:
    return azure.credential.get_token(f"{call.AUDIENCE}/.default").token
