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
    ENV-rollback. Previews run in ENV-preview; where settings say so,
    on any pull request and on main (the nightly comparison) too, without a reviewer."""
    repository = f"repo:{github.owner}/{github.repository}"
    if who == "promote":
        # A rollback waits for no reviewer, a promotion does: GitHub knows them by their environments.
        return (
            Credential("environment", f"{repository}:environment:{environment}-promote"),
            Credential("rollback", f"{repository}:environment:{environment}-rollback"),
        )
    if who == "deploy":
        return (Credential("environment", f"{repository}:environment:{environment}"),)
    behind = Credential("environment", f"{repository}:environment:{environment}-preview")
    if not settings.pull_requests:
        return (behind,)
    return (
        behind,
        Credential("pull-request", f"{repository}:pull_request"),
        Credential("main", f"{repository}:ref:refs/heads/main"),
    )
