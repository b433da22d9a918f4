"""The state of production as a blob: whoever writes has read what is there, or is refused."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from ml.errors import MlopsError
from ml.production.errors import overtaken
from ml.production.state import State

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

    from ml.azure.clients import Azure

STATE = "state.json"
Kept = TypeVar("Kept", bound=BaseModel)


class Keeping(Generic[Kept]):
    """One blob. kind: what stands in it; without arguments it is what holds before anything was written.
    named: for errors, as in "the state of production"."""

    def __init__(self, azure: "Azure", blob: "BlobClient", kind: type[Kept], named: str) -> None:
        self._azure, self._blob, self._kind, self._named = azure, blob, kind, named
        self._etag = ""

    def read(self) -> Kept:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            stream = self._azure.granted(self._blob.download_blob, f"read {self._named}")
        except ResourceNotFoundError:
            self._etag = ""
            return self._kind()
        self._etag = str(stream.properties.etag)
        try:
            return self._kind.model_validate_json(stream.readall())
        except ValidationError as error:
            place = f"{self._blob.container_name}/{self._blob.blob_name}"
            raise MlopsError(
                f"{self._named[0].upper()}{self._named[1:]}, {place}, is not what this version writes.",
                "Use the version of `mlops` that wrote it, or restore the blob.",
                [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()],
            ) from error

    def write(self, state: Kept) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        same = (
            {"etag": self._etag, "match_condition": MatchConditions.IfNotModified}
            if self._etag
            else {"match_condition": MatchConditions.IfMissing}
        )
        try:
            self._upload(state, overwrite=bool(self._etag), **same)
        except (ResourceModifiedError, ResourceExistsError) as error:
            raise overtaken(self._named) from error

    def force(self, state: Kept) -> None:
        self._upload(state, overwrite=True)

    def _upload(self, state: Kept, **how: Any) -> None:
        content = state.model_dump_json(indent=2).encode()
        answer = self._azure.granted(lambda: self._blob.upload_blob(content, **how), f"write {self._named}")
        self._etag = str(answer["etag"])


class BlobStore(Keeping[State]):
    """Of the revisions behind the gateway."""

    def __init__(self, azure: "Azure", blob: "BlobClient") -> None:
        super().__init__(azure, blob, State, "the state of production")
