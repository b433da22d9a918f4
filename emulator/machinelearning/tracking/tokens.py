"""The token that a job gets for its run: it opens tracking and artifacts of its workspace, nothing else."""

from __future__ import annotations

from typing import Final

from emulator.arm.ids import fold
from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.service import Identity
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.runs import TERMINAL, Runs
from emulator.principal import Principal

# no token endpoint issues tokens for it
AUDIENCE: Final = "urn:azureml:run"
LIFETIME_S: Final = 30 * 24 * 3600  # it ends with the job: no job has to ask for another
AUDIENCES: Final = frozenset(
    {"https://management.azure.com", "https://management.core.windows.net", "https://ml.azure.com"}
)


class RunTokens:
    """Issues and checks."""

    def __init__(self, identity: Identity, runs: Runs) -> None:
        self._identity = identity
        self._runs = runs

    def issue(self, who: Principal, job_id: str) -> str:
        """A token with which a job acts for the one who submitted it."""
        identity = self._identity
        return identity.tokens.issue(who, AUDIENCE, LIFETIME_S, {"run": job_id})[0]

    def caller(self, request: Request, workspace: Workspace, action: str) -> Principal:
        """The principal of a call; 401 without a valid token, 403 when ``action`` is not allowed to it."""
        identity = self._identity
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            claims = identity.tokens.claims(token.strip())
            if claims["aud"] == AUDIENCE:
                return self._of_run(claims, workspace)
        principal = identity.principal(request, AUDIENCES)
        identity.require(principal, action, workspace.id)
        return principal

    def _of_run(self, claims: dict[str, str], workspace: Workspace) -> Principal:
        job_id = claims["run"]
        principal = self._identity.directory.find(claims["oid"])
        if principal is None or not self._runs.exists(job_id) or self._runs.status(job_id) in TERMINAL:
            raise AzureError(
                401, "ExpiredAuthenticationToken", f"The token of the run {job_id} ended with it."
            )
        if fold(Workspace.of(job_id).id) != fold(workspace.id):
            raise AzureError(
                403, "AuthorizationFailed", f"The token of the run {job_id} opens no other workspace."
            )
        return principal
