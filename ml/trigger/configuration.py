"""What the function app is told by its settings, which infra/ makes. None of it is a secret."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml.published import names
from ml.trigger.state import Limits

PREFIX: Final = "RETRAIN_"
ACCOUNT: Final = "AzureWebJobsStorage__accountName"
STATE_CONTAINER: Final = "state"
STATE_BLOB: Final = "triggers.json"
_PROVIDER: Final = r"Microsoft\.MachineLearningServices/workspaces"
WORKSPACE: Final = rf"^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/{_PROVIDER}/[^/]+$"


class WrongSetting(ValueError):
    """The app's settings are not what the code needs."""


class GitHub(BaseModel):
    """The App that starts the workflow of releases. key: URL of a key in Key Vault."""

    model_config = ConfigDict(frozen=True)

    repository: str
    app: str
    installation: str
    ref: str
    key: str


class Configuration(BaseModel):
    """workspace_id: ARM id. landing: the datastore of the container that new data comes to. alerts: whether
    alerts may start a training. account: that of the state."""

    model_config = ConfigDict(frozen=True)

    workspace_id: str = Field(pattern=WORKSPACE)
    location: str = Field(min_length=1)
    landing: str = Field(min_length=1)
    account: str = Field(min_length=1)
    alerts: bool
    limits: Limits
    github: GitHub | None = None

    @property
    def endpoint_url(self) -> str:
        return names.endpoint_url(names.endpoint(*self._workspace), self.location)

    @property
    def tracking_url(self) -> str:
        """The workspace's MLflow, where a run gets its tags."""
        return names.tracking_url(*self._workspace, self.location)

    @property
    def _workspace(self) -> tuple[str, str, str]:
        """Subscription, resource group and name."""
        _, _, subscription, _, group, _, _, _, workspace = self.workspace_id.split("/")
        return subscription, group, workspace

    @property
    def landing_paths(self) -> str:
        """What the paths of landed files follow, as Azure ML names them."""
        path = self.workspace_id.removeprefix("/").replace("resourceGroups", "resourcegroups")
        path = path.replace("providers/Microsoft.MachineLearningServices/", "")
        return f"azureml://{path}/datastores/{self.landing}/paths"


def of(environ: Mapping[str, str]) -> Configuration:
    """Raises WrongSetting, naming each setting that is wrong."""

    def told(name: str) -> str:
        return environ.get(f"{PREFIX}{name}", "")

    github = {name: told(f"GITHUB_{name.upper()}") for name in GitHub.model_fields}
    try:
        return Configuration.model_validate(
            {
                "workspace_id": told("WORKSPACE_ID"),
                "location": told("LOCATION"),
                "landing": told("LANDING"),
                "account": environ.get(ACCOUNT, ""),
                "alerts": told("ALERTS") == "on",
                "limits": {
                    "daily": told("DAILY_LIMIT"),
                    "debounce_minutes": told("DEBOUNCE_MINUTES"),
                    "data": told("DATA"),
                },
                "github": github if all(github.values()) else None,
            }
        )
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise WrongSetting(f"the app's settings are wrong ({wrong}): run `pulumi up`") from error
