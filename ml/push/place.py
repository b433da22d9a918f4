"""An estate's kept answers, labels and records, and the landing of the estate that trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError
from ml.lake import tables
from ml.lake.files import LakeFiles
from ml.push.rows import Rows, Window, made
from ml.push.send import MOST_BYTES, Sender
from ml.quality import place
from ml.quality.labels import table

if TYPE_CHECKING:
    from ml.azure.clients import Azure

CONTAINER: Final = "landing"  # of the estate that trains
EXISTS: Final = frozenset({"UnauthorizedBlobOverwrite", "BlobAlreadyExists"})
"""What landing answers to a name that it has: the first to whoever may only add, before any condition is
looked at (Azure/azure-rest-api-specs#32708), the second to whoever may write."""


class LakeLanding:
    """The container `landing` of another estate's data lake, by identity. Nothing is read there."""

    def __init__(self, azure: Azure, account: str, **options: Any) -> None:
        from azure.storage.blob import ContainerClient

        # One request a file: blocks take a right that the role lacks, and half a file would be no file.
        limits: dict[str, Any] = {**azure.limits, "max_single_put_size": MOST_BYTES, **options}
        url = f"https://{account}.blob.core.windows.net"
        self._azure, self._account = azure, account
        self._container = ContainerClient(url, CONTAINER, azure.credential, **limits)

    def add(self, name: str, data: bytes) -> bool:
        return self._azure.granted(
            lambda: self._added(name, data), f"add a file to {CONTAINER} of {self._account}"
        )

    def _added(self, name: str, data: bytes) -> bool:
        from azure.core.exceptions import HttpResponseError

        try:
            self._container.upload_blob(name, data, overwrite=False)
        except HttpResponseError as error:
            code: Any = getattr(
                error, "error_code", None
            )  # a text, or a member of the client's list of codes
            if getattr(code, "value", code) not in EXISTS:
                raise
            return False
        return True


def sender(azure: Azure) -> Sender:
    """Raises MlopsError where the estate keeps no answers, or pushes nowhere."""
    account = place.account(azure)
    environment, target = azure.estate.environment, azure.estate.pushes_to
    if target is None:
        raise MlopsError(
            f"{environment} pushes no rows: its setting retraining.pushTo names no data lake.",
            f"Set it in Pulumi.{environment}.yaml to the output data_lake_id of the environment that trains, "
            "there set retraining.pushedBy, and run `pulumi up` of both.",
        )
    settings = azure.settings

    def rows(secret: bytes, window: Window) -> Rows:
        answers = place.kept_answers(azure)
        labels = tables.open_table(tables.address(account, table.CONTAINER, table.TABLE), azure.credential)
        return made(_dataset(answers), _dataset(labels), window, secret, settings.push.most_rows)

    return Sender(
        environment,
        target,
        LakeFiles(account, table.CONTAINER, azure.credential, **azure.limits),
        LakeLanding(azure, target),
        rows,
        settings.push,
        settings.training.test_fraction,
    )


def _dataset(there: Any) -> Any:
    return None if there is None else there.to_pyarrow_dataset()
