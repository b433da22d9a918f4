"""The service behind MLFLOW_TRACKING_URI: which call it is, who may make it, errors in MLflow's form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from emulator.arm.service import Arm
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.machinelearning.names import WORKSPACE, Workspace
from emulator.machinelearning.tracking.api import CALLS, Api, sent
from emulator.machinelearning.tracking.errors import body
from emulator.machinelearning.tracking.tokens import RunTokens
from emulator.machinelearning.tracking.tracked import Tracked
from emulator.refusals import Refusals

CALL: Final = re.compile(r"api/2\.0/(?:preview/)?mlflow/(?P<call>.+)")
REGISTRY: Final = "register models with azure-ai-ml (ml_client.models.create_or_update)"
LOGGED: Final = "save the model into an output of the job, or log its files with mlflow.log_artifacts"
# the beginning of a call that is refused -> what to use instead
INSTEAD: Final = {
    "registered-models": REGISTRY,
    "model-versions": REGISTRY,
    "logged-models": LOGGED,
    "runs/log-model": LOGGED,
    "runs/log-inputs": "log the data set's name and version as parameters (mlflow.log_params)",
    "runs/outputs": LOGGED,
    "traces": "send traces to Application Insights",
    "runs/log-batch-async": "log synchronously",
}


class Tracking:
    """Answers the calls of MLflow's clients."""

    def __init__(self, arm: Arm, refusals: Refusals, tracked: Tracked, tokens: RunTokens) -> None:
        self._arm = arm
        self._refusals = refusals
        self._api = Api(tracked)
        self._tokens = tokens

    def handle(self, request: Request, workspace: Workspace, rest: str) -> Response:
        """One call; ``rest`` is its path behind the workspace's."""
        return in_their_form(self._refusals, request, lambda: self._answer(request, workspace, rest))

    def _answer(self, request: Request, workspace: Workspace, rest: str) -> Response:
        match = CALL.fullmatch(rest.strip("/"))
        call = CALLS.get((request.method, match["call"])) if match else None
        if match is None or call is None:
            raise NotEmulated(_refused(request, match["call"] if match else rest))
        answer, right = call
        what = "experiments" if match["call"].startswith("experiments/") else "experiments/runs"
        who = self._tokens.caller(request, workspace, f"{WORKSPACE}/{what}/{right}")
        self._arm.get(workspace.id)
        return Response.json(answer(self._api, workspace, sent(request), who))


def in_their_form(refusals: Refusals, request: Request, answer: Callable[[], Response]) -> Response:
    """The answer, or the error in the form that MLflow's clients read."""
    try:
        return answer()
    except AzureError as error:
        if isinstance(error, NotEmulated):
            refusals.call(request.describe(), error.what)
        return Response.json(body(error), error.status, error.headers)


def _refused(request: Request, call: str) -> str:
    for beginning, advice in INSTEAD.items():
        if call.startswith(beginning):
            return f"the MLflow call {request.method} {call}; {advice}"
    return f"the MLflow call {request.method} {call}"
