"""Waiting for a container group to answer."""

import time

from ml.azure.arm import ContainerGroups
from ml.azure.clients import Azure, first_lines
from ml.deploy.endpoint import Endpoint
from ml.errors import MlopsError

CRASH_LOOP = 3  # restarts
LOG_TAIL = 25
STATE_EVERY_SECONDS = 10.0


def _log_tail(groups: ContainerGroups, group: str, container: str) -> list[str]:
    from azure.core.exceptions import AzureError

    try:
        return groups.log_tail(group, container, LOG_TAIL) or ["(the container wrote nothing)"]
    except AzureError as error:
        return ["The container's log cannot be read:", *first_lines(error)]


def wait(azure: Azure, endpoint: Endpoint, group: str, container: str) -> float:
    """Wait until the endpoint says that the service is ready; returns the seconds it took.

    Raises MlopsError with the end of the container's log when it crashes repeatedly or is not ready in time.
    """
    import httpx

    path = endpoint.ready_path
    limit = azure.settings.scoring.ready_seconds
    groups, began = ContainerGroups(azure), time.monotonic()
    state, asked = "no answer yet", began
    while True:
        try:
            answer = endpoint.get(path)
            new = (
                "ready" if answer.status_code == 200 else f"{answer.status_code}: {answer.text[:200].strip()}"
            )
        except httpx.HTTPError as error:
            new = f"no answer ({type(error).__name__})"
        if new != state:
            state = new
            azure.report.line(f"{path}: {state}")
        elapsed = time.monotonic() - began
        if state == "ready":
            return elapsed
        if elapsed > limit:
            raise MlopsError(
                f"The service at {endpoint.address} is not ready after {limit} s: {state}.",
                "Correct what the end of its log names, or raise [scoring] ready_seconds.",
                _log_tail(groups, group, container),
            )
        if time.monotonic() - asked > STATE_EVERY_SECONDS:
            asked = time.monotonic()
            restarts = groups.restarts(group)
            if restarts >= CRASH_LOOP:
                raise MlopsError(
                    f"The container {group}/{container} was restarted {restarts} times and is not ready.",
                    "Correct what the end of its log names and deploy again.",
                    _log_tail(groups, group, container),
                )
        time.sleep(azure.settings.azure.poll_seconds)
