"""Sign-in without a secret: the token of a CI job, which Microsoft Entra ID takes for one of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

AUDIENCE: Final = "api://AzureADTokenExchange"
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# azure-native's settings, and the variables that stand for them; the last ones are GitHub's own.
VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "useOidc": ("ARM_USE_OIDC",),
    "oidcToken": ("ARM_OIDC_TOKEN",),
    "oidcTokenFilePath": ("ARM_OIDC_TOKEN_FILE_PATH",),
    "oidcRequestToken": ("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    "oidcRequestUrl": ("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"),
}
TRUE: Final = ("1", "true")

Ask = Callable[[str, Mapping[str, str]], Mapping[str, object]]
"""Answers a GET of a URL with these headers by the JSON that came."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a job's token comes from: given as it is, in a file, or handed out at a URL for `bearer`."""

    token: str = field(default="", repr=False)
    file: str = ""
    url: str = ""
    bearer: str = field(default="", repr=False)

    def get(self, ask: Ask) -> str:
        """The token. OSError where it cannot be read, KeyError where none is handed out."""
        if self.token:
            return self.token
        if self.file:
            return Path(self.file).read_text()
        joined = "&" if "?" in self.url else "?"
        found = ask(f"{self.url}{joined}audience={AUDIENCE}", {"authorization": f"Bearer {self.bearer}"})
        return str(found["value"])


def source(values: Mapping[str, str]) -> Source | None:
    """By the settings' values; None where none of the ways is given whole."""
    token, file = values.get("oidcToken", ""), values.get("oidcTokenFilePath", "")
    url, bearer = values.get("oidcRequestUrl", ""), values.get("oidcRequestToken", "")
    if token or file or (url and bearer):
        return Source(token, file, url, bearer)
    return None
