"""Errors as Azure tells them: a status, a code, a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class AzureError(Exception):
    """An answer that is an error; ``details`` become ``error.details``, ``headers`` go with the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Sequence[dict[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = list(details)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The JSON body that ARM and most data planes use for errors."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        return {"error": error}


class NotEmulated(AzureError):
    """A call that this emulator does not know: refused by name, and recorded among the refusals."""

    def __init__(self, what: str, status: int = 501) -> None:
        super().__init__(status, "NotEmulated", f"Not emulated: {what}.")
        self.what = what


def not_found(resource_id: str) -> AzureError:
    """ARM's answer for a resource that does not exist."""
    kind, _, name = resource_id.rpartition("/")
    kind = kind.rsplit("/providers/", 1)[-1]
    return AzureError(404, "ResourceNotFound", f"The Resource '{kind}/{name}' was not found ({resource_id}).")
