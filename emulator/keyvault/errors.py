"""Errors of Key Vault's data plane: a code, a message, and often an inner code that says more."""

from __future__ import annotations

from typing import Any

from emulator.errors import AzureError


class VaultError(AzureError):
    """An error with an inner code, such as Forbidden / SecretDisabled."""

    def __init__(self, status: int, code: str, message: str, inner: str = "") -> None:
        super().__init__(status, code, message)
        self.inner = inner

    def body(self) -> dict[str, Any]:
        body = super().body()
        if self.inner:
            body["error"]["innererror"] = {"code": self.inner}
        return body


def bad_parameter(message: str) -> VaultError:
    return VaultError(400, "BadParameter", message)
