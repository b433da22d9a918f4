"""The settings of what starts trainings by itself: a function app, or the way to another environment's."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic.alias_generators import to_camel

from infra.config_existing import AccountId, SubnetId
from infra.config_github import GitHubApp
from infra.config_types import Uuid, refuse
from infra.section import Section

OWN: Final = ("schedule", "data", "application", "github", "pushed_by")
"""What only an estate with the function app of its own can be told."""
_FIELD: Final = r"(?:\*|[0-9A-Za-z,/-]+|\*/[0-9]+)"


def _schedule(value: Any) -> str:
    """Six fields, as Azure Functions reads them (NCRONTAB): seconds first."""
    if not isinstance(value, str) or not re.fullmatch(rf"{_FIELD}(?: {_FIELD}){{5}}", value):
        refuse('write six fields, seconds first, as "0 0 4 * * Mon" for Mondays at 04:00 UTC')
    return value


def alerts_url(app: str) -> str:
    """Where a function app takes alerts. app: its name."""
    return f"https://{app}.azurewebsites.net/api/alerts"


def _url(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(
        r"https://[a-z0-9.-]+\.azurewebsites\.net/api/alerts", value
    ):
        refuse(
            "write the other estate's output retraining_alerts_url, as https://NAME.azurewebsites.net/api/alerts"
        )
    return value


def _data(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"azureml:[\w@:/.-]{1,400}", value):
        refuse("write an address in Azure ML as azureml:credit-default@latest")
    return value


class Application(Section):
    """The app registration that alerts sign in to: Azure Monitor calls with a token for it, and no secret."""

    client_id: Uuid
    object_id: Uuid


class ReleaseApp(GitHubApp):
    """The GitHub App that starts the workflow `release`. ref: the branch whose workflow runs."""

    ref: str = Field(default="main", pattern=r"^[\w./-]{1,200}$")


class Elsewhere(Application):
    """The function app of the environment that trains. url: where alerts are sent."""

    url: Annotated[str, BeforeValidator(_url)]


class Pusher(Section):
    """Who pushes rows into this estate's landing: production's outputs of the same names.

    principalId: `training_identity_principal_id`, object id of its training identity, which gets the role
    that only adds. subnetId: `training_subnet_id`, which the data lake's firewall lets in.
    privateEndpoint: production has one of the data lake in its own network (retraining.pushEndpoint there),
    the only way into a private estate.
    """

    principal_id: Uuid
    subnet_id: SubnetId | None = None
    private_endpoint: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> "Pusher":
        if self.subnet_id is not None and self.private_endpoint:
            refuse("rows come by subnetId or by privateEndpoint; leave one of them out")
        return self


class Retraining(Section):
    """What starts trainings by itself: new data, alerts, and the schedule where there is one.

    schedule: NCRONTAB, in UTC. dailyLimit, debounceMinutes: how often at the most. data: trained on as long
    as nothing has landed. application: without it alerts start nothing. github: without it a registered model
    starts no release. pushedBy: without it nobody of another environment lands rows here.
    endpoint, pushTo: in place of all others, where trainings run in another environment: where alerts go, and
    the data lake that takes labelled rows. pushEndpoint: rows go there by a private endpoint in this network,
    and not by the subnet's service endpoint; manual: the data lake's owner approves it; automatic: whoever
    runs `pulumi up` here may approve connections of that data lake.
    """

    schedule: Annotated[str, BeforeValidator(_schedule)] | None = None
    daily_limit: int = Field(default=4, ge=1, le=100)
    debounce_minutes: int = Field(default=10, ge=0, le=1440)
    data: Annotated[str, BeforeValidator(_data)] | None = None
    application: Application | None = None
    github: ReleaseApp | None = None
    pushed_by: Pusher | None = None
    endpoint: Elsewhere | None = None
    push_to: AccountId | None = None
    push_endpoint: Literal["manual", "automatic"] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Retraining":
        if not self.hosted and any(getattr(self, name) is not None for name in OWN):
            own = ", ".join(map(to_camel, OWN))
            refuse(
                f"endpoint and pushTo are for an estate that trains in another environment; leave out {own}"
            )
        if self.push_endpoint is not None and self.push_to is None:
            refuse("pushEndpoint leads to the data lake that pushTo names; set pushTo, or leave it out")
        return self

    @property
    def hosted(self) -> bool:
        """Whether the function app is this estate's own."""
        return self.endpoint is None and self.push_to is None

    @property
    def told(self) -> Application | None:
        """What alerts sign in to, here or elsewhere; None where they start nothing."""
        return self.endpoint or self.application
