"""Waiting for a container group to answer.

Each ask that the gateway cannot pass on is one more of the failures that the rule `gateway-failures` counts,
and a deployment must wake nobody: the group's log tells when it is worth asking.
"""

import time
from collections.abc import Iterator

from ml.azure.arm import ContainerGroups
from ml.azure.clients import Azure, first_lines
from ml.deploy.endpoint import Endpoint
from ml.errors import MlopsError
from scoring.logs import SELF_TEST_PASSED

READY = "ready"
CRASH_LOOP = 3  # restarts
LOG_TAIL = 25
STATE_EVERY_SECONDS = 10.0
SILENT_SECONDS = 30.0
"""A log that cannot be read, or lacks the line, is waited for no longer: then the service is asked."""
LONGEST_PAUSE_SECONDS = 15.0


def _log_tail(groups: ContainerGroups, group: str, container: str) -> list[str]:
    from azure.core.exceptions import AzureError

    try:
        return groups.log_tail(group, container, LOG_TAIL) or ["(the container wrote nothing)"]
    except AzureError as error:
        return ["The container's log cannot be read:", *first_lines(error)]


def pauses(first: float) -> Iterator[float]:
    """Seconds between two asks of what should answer by now: each twice the one before, up to a bound."""
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _loaded(groups: ContainerGroups, group: str, container: str) -> bool:
    """Whether the log says that a worker has loaded the model; not, too, when Azure does not show the log."""
    from azure.core.exceptions import AzureError

    try:
        return any(SELF_TEST_PASSED in line for line in groups.log_tail(group, container, LOG_TAIL))
    except AzureError:
        return False  # as soon after its start there may be no log yet; `wait` asks in the end all the same


def asked(endpoint: Endpoint) -> str:
    """What the endpoint says, in one line: READY, or why not."""
    import httpx

    try:
        answer = endpoint.get(endpoint.ready_path)
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return (
        READY if answer.status_code == 200 else f"{answer.status_code}: {' '.join(answer.text[:200].split())}"
    )


def wait(azure: Azure, endpoint: Endpoint, group: str, container: str) -> float:
    """Wait until the endpoint says that the service is ready; returns the seconds it took.

    It asks once at once, for a service that answers already; then not before the log says that the model
    is loaded. Raises MlopsError with the end of the container's log when it crashes repeatedly or is not
    ready in time.
    """
    poll, limit = azure.settings.azure.poll_seconds, azure.settings.scoring.ready_seconds
    groups, began = ContainerGroups(azure), time.monotonic()
    told, looked, pause, ask, loaded = "no answer yet", began, pauses(poll), True, False
    while True:
        if ask and (state := asked(endpoint)) != told:
            told = state
            azure.report.line(f"{endpoint.ready_path}: {told}")
        now = time.monotonic()
        if told == READY:
            return now - began
        if now - began > limit:
            raise MlopsError(
                f"The service at {endpoint.address} is not ready after {limit} s: {told}.",
                "Correct what the end of its log names, or raise [scoring] ready_seconds.",
                _log_tail(groups, group, container),
            )
        if now - looked > STATE_EVERY_SECONDS:
            looked = now
            _refuse_crashes(groups, group, container)
        loaded = loaded or _loaded(groups, group, container)
        # The first ask after the line waits one pause, too: the worker listens a moment after it wrote it.
        ask = loaded or now - began > min(SILENT_SECONDS, limit / 2)
        time.sleep(next(pause) if ask else poll)


def _refuse_crashes(groups: ContainerGroups, group: str, container: str) -> None:
    restarts = groups.restarts(group)
    if restarts >= CRASH_LOOP:
        raise MlopsError(
            f"The container {group}/{container} was restarted {restarts} times and is not ready.",
            "Correct what the end of its log names and deploy again.",
            _log_tail(groups, group, container),
        )
