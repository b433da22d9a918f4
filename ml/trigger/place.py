"""Where the commands find the triggers' state, and how they switch it."""

from typing import TYPE_CHECKING

from ml.errors import MlopsError
from ml.trigger.azure import BlobState
from ml.trigger.carry import change
from ml.trigger.configuration import STATE_BLOB, STATE_CONTAINER
from ml.trigger.decide import paused, resumed
from ml.trigger.state import State

if TYPE_CHECKING:
    from ml.azure.clients import Azure


class GrantedState(BlobState):
    """As a person reads and writes it, whose role may be on its way."""

    def __init__(self, azure: "Azure", account: str) -> None:
        super().__init__(azure.container(account, STATE_CONTAINER).get_blob_client(STATE_BLOB))
        self._azure = azure

    def read(self) -> tuple[State, str]:
        return self._azure.granted(super().read, "read the state of the triggers")

    def write(self, state: State, tag: str) -> None:
        write = super().write
        self._azure.granted(lambda: write(state, tag), "write the state of the triggers")


def state_of(azure: "Azure") -> GrantedState:
    """Raises MlopsError where nothing starts by itself."""
    account = azure.estate.retraining_storage
    if account is None:
        raise no_triggers(azure)
    return GrantedState(azure, account)


def no_triggers(azure: "Azure") -> MlopsError:
    environment = azure.estate.environment
    return MlopsError(
        f"Nothing starts trainings by itself in {environment}.",
        f"Set retraining in Pulumi.{environment}.yaml, and run `pulumi up -s {environment}`.",
    )


def switched(azure: "Azure", why: str, by: str) -> State:
    """The state once triggers are paused, or with "" once they work again."""
    return change(state_of(azure), lambda state: paused(state, why, by) if why else resumed(state))


def who(azure: "Azure") -> str:
    """The name of whoever is signed in, from the token."""
    from ml.production.assembly import who as by_token

    return by_token(azure)
