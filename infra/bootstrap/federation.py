"""Which GitHub workflows sign in as which identity: subjects of federated credentials, as data."""

from dataclasses import dataclass
from typing import Final

from infra.bootstrap.config import Environment, GitHub
from infra.bootstrap.roles import Who

ISSUER: Final = "https://token.actions.githubusercontent.com"
AUDIENCE: Final = "api://AzureADTokenExchange"


@dataclass(frozen=True, slots=True)
class Credential:
    """name: of the credential. subject: what GitHub's token says of the workflow's run."""

    name: str
    subject: str


def credentials(github: GitHub, environment: str, who: Who, settings: Environment) -> tuple[Credential, ...]:
    """Deploys run in the GitHub environment of that name, promotions in ENV-promote, rollbacks in
    ENV-rollback. Previews run in ENV-preview, the nightly comparison in ENV-drift; where settings say so,
    previews on any pull request and on main too, without a reviewer."""
    repository = f"repo:{github.owner}/{github.repository}"
    if who == "promote":
        # A rollback waits for no reviewer, a promotion does: GitHub knows them by their environments.
        return (
            Credential("environment", f"{repository}:environment:{environment}-promote"),
            Credential("rollback", f"{repository}:environment:{environment}-rollback"),
        )
    if who == "deploy":
        return (Credential("environment", f"{repository}:environment:{environment}"),)
    # The comparison runs at night, where no reviewer is: GitHub knows it by an environment for main alone.
    named = (
        Credential("environment", f"{repository}:environment:{environment}-preview"),
        Credential("drift", f"{repository}:environment:{environment}-drift"),
    )
    if not settings.pull_requests:
        return named
    return (
        *named,
        Credential("pull-request", f"{repository}:pull_request"),
        Credential("main", f"{repository}:ref:refs/heads/main"),
    )
