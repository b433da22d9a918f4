"""What the function app serves, and served before: written down, with the packages themselves, to go back.

In the container where `mlops promote` writes down its steps, which the promoting identity alone may write:
what stands there was approved when it was put into the app, and is put there again as it is.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from ml.errors import MlopsError
from ml.production.state import KEPT, Entry
from ml.production.store import Keeping

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    from ml.azure.clients import Azure

STATE: Final = "function.json"
PACKAGES: Final = "function-packages"


class Put(BaseModel):
    """A package in the app. content: its SHA-256, as hex digits. at: seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    release: str
    content: str
    at: float
    by: str
    approved_by: str


class State(BaseModel):
    """serving: what passed its tests last. previous: the one before it. putting: one that is on its way, or
    did not pass. going_back: to where a rollback is on its way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    serving: Put | None = None
    previous: Put | None = None
    putting: Put | None = None
    going_back: Put | None = None
    history: tuple[Entry, ...] = ()

    def changed(self, entry: Entry, **values: Put | None) -> State:
        """Nothing is on its way, but what `values` says."""
        moving = {"putting": None, "going_back": None}
        return self.model_copy(update={**moving, **values, "history": (*self.history, entry)[-KEPT:]})

    def packages(self) -> set[str]:
        """Which have to stay."""
        parts = (self.serving, self.previous, self.putting, self.going_back)
        return {part.content for part in parts if part is not None}


class Kept:
    """State and packages of one estate's function app."""

    def __init__(self, azure: Azure, container: ContainerClient) -> None:
        self._azure, self._container = azure, container
        blob = container.get_blob_client(STATE)
        self.state: Keeping[State] = Keeping(azure, blob, State, "the state of the function app")

    @classmethod
    def of(cls, azure: Azure) -> Kept:
        from ml.production.assembly import container
        from ml.release.store import release_account

        return cls(azure, azure.container(release_account(azure), container(azure.estate.environment)))

    def begin(self, put: Put, content: bytes) -> State:
        """Before the app gets a package: write down that it is on its way, and keep it. Raises MlopsError.

        In this order: whoever tidies up meanwhile finds no package that the state does not name yet.
        """
        before = self.state.read()
        after = before.changed(Entry(at=put.at, what="begun", release=put.release, by=put.by), putting=put)
        self.state.write(after)
        blob = self._container.get_blob_client(_place(put.content))
        self._azure.granted(lambda: blob.upload_blob(content, overwrite=True), "keep the package")
        return after

    def serve(self, after: State, put: Put) -> None:
        """It answers, and passed its tests: what `begin` gave goes on. Packages that nothing names go."""
        before = after.serving if after.serving and after.serving.content != put.content else after.previous
        entry = Entry(at=put.at, what="serves", release=put.release, by=put.by)
        now = after.changed(entry, serving=put, previous=before)
        self.state.write(now)
        self.tidy()

    def package(self, put: Put) -> bytes:
        """Raises MlopsError where it is not there, or is another one than was put into the app."""
        from azure.core.exceptions import ResourceNotFoundError

        blob = self._container.get_blob_client(_place(put.content))
        where = f"{self._container.container_name}/{_place(put.content)}"
        remedy = f"Deploy {put.release} anew: `mlops functions deploy`, with an approval that holds."
        try:
            content = self._azure.granted(lambda: blob.download_blob().readall(), "read the package")
        except ResourceNotFoundError as error:
            raise MlopsError(f"The package of {put.release}, {where}, is gone.", remedy) from error
        if hashlib.sha256(content).hexdigest() != put.content:
            raise MlopsError(f"{where} is not the package of {put.release} any more.", remedy)
        return content

    def tidy(self) -> None:
        """Remove the packages that the state does not name.

        It is read after they are listed: a package that somebody else has put there by then is named in it.
        """
        from azure.core.exceptions import ResourceNotFoundError

        there = [str(one.name) for one in self._container.list_blobs(name_starts_with=f"{PACKAGES}/")]
        wanted = {_place(content) for content in self.state.read().packages()}
        for name in there:
            if name not in wanted:
                with suppress(ResourceNotFoundError):  # another command tidies up, too
                    self._container.delete_blob(name)


def _place(content: str) -> str:
    return f"{PACKAGES}/{content}.zip"
