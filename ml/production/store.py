"""The state of production as a blob: whoever writes has read what is there, or is refused."""

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ml.errors import MlopsError
from ml.production.errors import overtaken
from ml.production.state import State

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

    from ml.azure.clients import Azure

STATE = "state.json"


class BlobStore:
    def __init__(self, azure: "Azure", blob: "BlobClient") -> None:
        self._azure, self._blob = azure, blob
        self._etag = ""

    def read(self) -> State:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            stream = self._azure.granted(self._blob.download_blob, "read the state of production")
        except ResourceNotFoundError:
            self._etag = ""
            return State()
        self._etag = str(stream.properties.etag)
        try:
            return State.model_validate_json(stream.readall())
        except ValidationError as error:
            raise MlopsError(
                f"The state of production, {self._blob.container_name}/{STATE}, is not what this version "
                "writes.",
                "Use the version of `mlops` that wrote it, or restore the blob.",
                [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()],
            ) from error

    def write(self, state: State) -> None:
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
            raise overtaken("the state of production") from error

    def force(self, state: State) -> None:
        self._upload(state, overwrite=True)

    def _upload(self, state: State, **how: Any) -> None:
        content = state.model_dump_json(indent=2).encode()
        answer = self._azure.granted(
            lambda: self._blob.upload_blob(content, **how), "write the state of production"
        )
        self._etag = str(answer["etag"])
