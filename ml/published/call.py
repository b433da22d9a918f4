"""Calls of the published pipeline's endpoint, as Azure documents them: REST, with a token for Azure ML.

Used where nothing but httpx is at hand, too: it imports neither the SDK nor the settings.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

AUDIENCE: Final = "https://ml.azure.com"  # of the token; that of Azure Resource Manager is refused
DEPLOYMENT: Final = "azureml-model-deployment"  # a header; without it the default deployment answers
TIMEOUT_S: Final = 120.0
ATTEMPTS, PAUSE_S = 4, 1.0
AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
TAKEN: Final = "already exists"  # in Azure's words, of the job's name


@dataclass(frozen=True, slots=True)
class File:
    """A data set as an input: uri is that of a data asset, of a path in a datastore, or of a blob."""

    uri: str


Value = File | str | int | float


class CallError(Exception):
    """The service did not do it. `status` is 0 when there was no answer; `words` are the service's."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


def body(inputs: Mapping[str, Value], *, job: str = "", experiment: str = "") -> dict[str, Any]:
    """What a call sends."""
    given: dict[str, Any] = {
        name: {"JobInputType": "UriFile", "Uri": value.uri}
        if isinstance(value, File)
        else {"JobInputType": "Literal", "Value": str(value)}
        for name, value in inputs.items()
    }
    properties: dict[str, Any] = {"InputData": given}
    if job:
        properties["name"] = job
    if experiment:
        properties["properties"] = {"experimentName": experiment}
    return {"properties": properties}


def start(
    endpoint_url: str,
    token: str,
    inputs: Mapping[str, Value],
    *,
    job: str = "",
    experiment: str = "",
    deployment: str = "",
    timeout_s: float = TIMEOUT_S,
    client: httpx.Client | None = None,
) -> str:
    """Start a run; its name. With a name of the caller's, `job`, a repeated call finds the run that it began.

    client: of the caller's own, whose connections are kept. Raises CallError. Without `job` nothing is tried
    twice: nobody could tell whether a run has begun.
    """
    headers = {DEPLOYMENT: deployment} if deployment else {}
    sent = body(inputs, job=job, experiment=experiment)
    try:
        answer = _post(endpoint_url, token, sent, headers, ATTEMPTS if job else 1, timeout_s, client)
    except CallError as error:
        if job and error.status in (400, 409) and TAKEN in error.words:
            return job
        raise
    return str(answer["name"])


def tag(
    tracking_url: str,
    token: str,
    job: str,
    tags: Mapping[str, str],
    timeout_s: float = TIMEOUT_S,
    client: httpx.Client | None = None,
) -> None:
    """Put tags on a run; those of other names stay. tracking_url: of the workspace, as names.tracking_url.

    By MLflow, since Azure ML takes no tags with a call, and no change of a job that an endpoint started
    (Azure/azure-sdk-for-python#42156). Raises CallError.
    """
    texts = [{"key": name, "value": value} for name, value in tags.items()]
    sent = {"run_id": job, "tags": texts}
    _post(f"{tracking_url}/api/2.0/mlflow/runs/log-batch", token, sent, {}, ATTEMPTS, timeout_s, client)


def _post(
    url: str,
    token: str,
    sent: object,
    headers: Mapping[str, str],
    attempts: int,
    timeout_s: float,
    client: httpx.Client | None,
) -> dict[str, Any]:
    post = client.post if client else httpx.post
    head = {"authorization": f"Bearer {token}", **headers}
    error = CallError(0, "")
    for attempt in range(attempts):
        if attempt:
            time.sleep(PAUSE_S * 2 ** (attempt - 1))
        try:
            answer = post(url, json=sent, headers=head, timeout=timeout_s)
        except httpx.TransportError as failure:
            error = CallError(0, f"{httpx.URL(url).host} gave no answer: {type(failure).__name__}: {failure}")
            continue
        if answer.is_success:
            found = answer.json()
            return found if isinstance(found, dict) else {}
        error = CallError(answer.status_code, _words(answer).replace(token, "***"))
        if answer.status_code not in AGAIN:
            break
    raise error


def _words(answer: httpx.Response) -> str:
    """The error's code and message, or the beginning of what else was said."""
    try:
        found: Any = answer.json()
        error = found["error"]
        return f"({error['code']}) {error['message']}"
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}: {answer.text[:300]}"
