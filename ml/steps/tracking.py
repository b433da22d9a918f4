"""What a step found, logged to MLflow by its REST API, at the address that Azure ML gives to each job.

Not by MLflow's own library: importing it takes 1.3 s in every step, on a busy machine 3 s (this: 0.25 s),
and azureml-mlflow needs an older azure-storage-blob.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ml.steps.errors import StepError

MOST_METRICS, MOST_PARAMS = 1000, 100  # of one request, by MLflow's limits
LONGEST_VALUE: Final = 500  # characters of a parameter's value that Azure ML keeps
ATTEMPTS, PAUSE_S, TIMEOUT_S = 3, 0.5, 15.0
AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
WRONG: Final = {
    "LocalProtocolError": "the request cannot be sent as it is",
    "InvalidURL": "MLFLOW_TRACKING_URI, or what names a proxy (HTTPS_PROXY, ALL_PROXY), is no address",
}
SCHEMES: Final = {"azureml://": "https://", "https://": "https://", "http://": "http://"}
ADDRESS, TOKEN, RUN = "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "MLFLOW_RUN_ID"


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurement. `step`: which one of several, say the number of a trial."""

    name: str
    value: float
    step: int = 0


def log(params: Mapping[str, object], metrics: Iterable[Metric], *, required: bool = False) -> None:
    """Log to the job's run, and print how that went.

    What cannot be logged is a warning: a model is not lost for it. With `required`, as under a sweep, whose
    result the metrics are, it raises StepError.
    """
    measured = [metric for metric in metrics if math.isfinite(metric.value)]
    try:
        _send(params, measured)
    except _NotLogged as problem:
        if required:
            raise StepError(
                f"the metrics could not be logged to MLflow, and tracking is required: {problem}"
            ) from problem
        print(f"{'warning: ' if problem.tried else ''}not logged to MLflow: {problem}", flush=True)
        return
    print(f"logged to MLflow: {len(params)} parameters, {len(measured)} metrics", flush=True)


class _NotLogged(Exception):
    """Why; `tried` is false outside of a job."""

    def __init__(self, why: str, *, tried: bool = True) -> None:
        super().__init__(why)
        self.tried = tried


def _send(params: Mapping[str, object], metrics: Sequence[Metric]) -> None:
    address = os.environ.get(ADDRESS)
    if not address:
        raise _NotLogged(f"this is no job of Azure ML ({ADDRESS} is not set)", tried=False)
    missing = [name for name in (RUN, TOKEN) if not os.environ.get(name, "").strip()]
    if missing:
        raise _NotLogged(f"{' and '.join(missing)} not set, which Azure ML gives to each job")
    scheme = next((scheme for scheme in SCHEMES if address.startswith(scheme)), None)
    if scheme is None:
        raise _NotLogged(f"{ADDRESS} is {address!r}: it must begin with one of {', '.join(SCHEMES)}")
    base = SCHEMES[scheme] + address.removeprefix(scheme).split("?")[0].rstrip("/")
    token = _token()
    for body in _batches(params, metrics):
        _post(f"{base}/api/2.0/mlflow/runs/log-batch", {"run_id": os.environ[RUN], **body}, token)


def _token() -> str:
    """Without the line's end that a file or a shell leaves. No message says any part of it."""
    token = os.environ[TOKEN].strip()
    if not all("!" <= character <= "~" for character in token):
        raise _NotLogged(f"{TOKEN} holds a character that no token has: a space, a control or beyond ASCII")
    return token


def _batches(params: Mapping[str, object], metrics: Sequence[Metric]) -> Iterator[dict[str, Any]]:
    now = int(time.time() * 1000)
    texts = [{"key": name, "value": str(value)[:LONGEST_VALUE]} for name, value in params.items()]
    points = [
        {"key": metric.name, "value": metric.value, "timestamp": now, "step": metric.step}
        for metric in metrics
    ]
    most = MOST_METRICS - MOST_PARAMS  # both count together
    while texts or points:
        yield {"params": texts[:MOST_PARAMS], "metrics": points[:most]}
        texts, points = texts[MOST_PARAMS:], points[most:]


def _post(url: str, body: dict[str, Any], token: str) -> None:
    import httpx

    head = {"authorization": f"Bearer {token}"}
    why = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_S * 2**attempt)
        try:
            answer = httpx.post(url, json=body, headers=head, timeout=TIMEOUT_S)
        except (httpx.LocalProtocolError, httpx.InvalidURL) as error:
            # Their own words quote headers, or the part of an address that may be a password.
            raise _NotLogged(f"{type(error).__name__}: {WRONG[type(error).__name__]}") from None
        except httpx.HTTPError as error:
            why = f"{type(error).__name__}: {error}"
            continue
        except (ImportError, OSError, ValueError) as error:  # of a proxy's address, of certificates
            raise _NotLogged(f"{type(error).__name__}: {error}") from error
        if answer.is_success:
            return
        said = answer.text.replace(token, "***")[:300]
        why = f"{answer.url.host} answered HTTP {answer.status_code}: {said}"
        if answer.status_code not in AGAIN:
            break
    raise _NotLogged(why)
