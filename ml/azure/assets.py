"""What stands in a workspace, by Azure Resource Manager: assets by version, jobs, endpoints; read and made.

Without azure-ai-ml: importing it, and having it read and send a pipeline's components, takes five seconds of
computing. tests/ml/published/test_like_the_sdk.py holds what is sent against what it would send.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ml.azure import workspace

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.azure.management import Management


def at(*parts: str) -> str:
    """A path below the workspace, of names as they are: at("data", "credit", "versions", "1")."""
    return "/".join(quote(part, safe="") for part in parts)


def version_of(kind: str, reference: str) -> str:
    """The path of NAME:VERSION. kind: data, environments, components, codes, models."""
    name, _, version = reference.partition(":")
    return at(kind, name, "versions", version)


class Assets:
    """Of one estate's workspace, with one connection for all requests.

    Each method takes a path as `at` makes it, and what it does in words, as in "read data assets", for the
    message to whoever may not. Each raises HttpResponseError, and MlopsError for who may not, and when Azure
    takes too long or gives up.
    """

    def __init__(self, azure: Azure, api_version: str = workspace.API) -> None:
        self._azure, self._version = azure, api_version

    @cached_property
    def _management(self) -> Management:
        from ml.azure.management import Management

        return Management(self._azure, self._version)

    def id(self, path: str = "") -> str:
        """The id of what is at a path; of the workspace itself without one."""
        own = workspace.path_of(self._azure.estate)
        return f"{own}/{path}" if path else own

    def read(self, path: str, what: str) -> dict[str, Any] | None:
        """What is there; None where nothing is."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._azure.granted(lambda: self._management.read(self.id(path))[0], what)
        except ResourceNotFoundError:
            return None

    def settled(self, path: str, what: str) -> str:
        """The state of what is there, once Azure does nothing more with it: others may have begun that.

        "Succeeded", "Failed" or "Canceled"; "" where nothing is.
        """
        from azure.core.exceptions import ResourceNotFoundError

        found = self.read(path, what)
        if found is None:
            return ""
        try:
            ended = self._azure.granted(lambda: self._management.settled(self.id(path), found, what), what)
        except ResourceNotFoundError:  # it was being deleted
            return ""
        return str(ended["properties"].get("provisioningState") or "")

    def listed(self, path: str, what: str, **query: str) -> list[dict[str, Any]]:
        """Every item of a collection, page by page."""
        return self._azure.granted(lambda: self._management.listed(self.id(path), **query), what)

    def write(self, path: str, body: Mapping[str, Any], what: str) -> dict[str, Any]:
        """Make or change what is there, and wait until Azure has done it; as it is then."""
        return self._azure.granted(lambda: self._management.made(self.id(path), dict(body), what), what)

    def act(self, path: str, body: Mapping[str, Any], what: str) -> dict[str, Any]:
        """What a POST answers that is over with its answer."""
        return self._azure.granted(lambda: self._management.asked(self.id(path), dict(body)), what)

    def remove(self, path: str, what: str) -> None:
        """Delete what is there, and wait until it is gone. Nothing there is no error."""
        self._azure.granted(lambda: self._management.removed(self.id(path), what), what)
