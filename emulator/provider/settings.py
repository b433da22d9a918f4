"""The provider's configuration, and the guard against a state that is not the emulator's."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from emulator.provider import oidc
from emulator.provider.arm_client import Credentials
from emulator.provider.values import UNKNOWN, plain

KNOWN = (
    "auxiliaryTenantIds",
    "clientId",
    "clientSecret",
    "disablePulumiPartnerId",
    "environment",
    "location",
    *oidc.VARIABLES,
    "partnerId",
    "subscriptionId",
    "tenantId",
)
_FROM_ENVIRONMENT = {
    "subscriptionId": ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"),
    "tenantId": ("ARM_TENANT_ID", "AZURE_TENANT_ID"),
    "clientId": ("ARM_CLIENT_ID", "AZURE_CLIENT_ID"),
    "clientSecret": ("ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET"),
    "location": ("ARM_LOCATION",),
    **oidc.VARIABLES,
}


class SettingsError(Exception):
    """A setting that is missing or refused; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a configured provider works with."""

    subscription: str
    location: str
    credentials: Credentials


def refuse_foreign_state(home: Path, environment: Mapping[str, str] = os.environ) -> None:
    """SettingsError unless the engine that started this process keeps its state in the emulator."""
    url = environment.get("PULUMI_BACKEND_URL", "")
    own = home / "pulumi" / "state"
    parts = urlsplit(url)
    if (
        parts.scheme == "file"
        and Path(unquote(parts.netloc + parts.path)).expanduser().resolve() == own.resolve()
    ):
        return
    found = f"is {parts.scheme}://{parts.hostname or ''}{parts.path}" if url else "is not set"
    raise SettingsError(
        f"this azure-native provider belongs to the emulator in {home} and serves no other state: "
        f"PULUMI_BACKEND_URL {found}, it must be file://{own}. "
        "Use `python -m emulator run -- pulumi ...`, or a PULUMI_HOME of your own for real Azure."
    )


def problems(config: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a provider's configuration."""
    for name in config:
        if name == "version" or name in KNOWN:
            continue
        near = difflib.get_close_matches(name, KNOWN, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(KNOWN)}"
        yield f"{name}: is not a setting of this provider; {hint}"
    cloud = plain(config.get("environment"))
    if isinstance(cloud, str) and cloud.lower() != "public":
        yield f"environment: {cloud!r} is not emulated, only 'public' is"


def read(config: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings, from the configuration before the environment. SettingsError names the missing ones."""
    found: dict[str, str] = {}
    for name in _FROM_ENVIRONMENT:
        value = plain(config.get(name))
        if value in (None, "", UNKNOWN):
            variables = _FROM_ENVIRONMENT[name]
            value = next((environment[variable] for variable in variables if environment.get(variable)), "")
        found[name] = str(value)
    federated = found["useOidc"].lower() in oidc.TRUE
    source = oidc.source(found) if federated else None
    if federated and source is None:
        raise SettingsError(
            "azure-native:useOidc is set, and there is no token: set oidcToken, oidcTokenFilePath, or "
            "oidcRequestUrl and oidcRequestToken (in GitHub: the job's permission `id-token: write`)"
        )
    needed = ("subscriptionId", "tenantId", "clientId", *(() if federated else ("clientSecret",)))
    missing = [name for name in needed if not found[name]]
    if missing:
        raise SettingsError(
            "; ".join(
                f"azure-native:{name} is not set: `pulumi config set azure-native:{name} ...`, "
                f"or the environment variable {_FROM_ENVIRONMENT[name][-1]}"  # `run` takes ARM_… away
                for name in missing
            )
        )
    return Settings(
        found["subscriptionId"],
        found["location"],
        Credentials(found["tenantId"], found["clientId"], "" if federated else found["clientSecret"], source),
    )
