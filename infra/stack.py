"""The settings of the stack that Pulumi is running."""

import json
from typing import Any, Final

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from infra.config import Settings, load
from infra.config_errors import AZURE, NAMESPACE

PROVIDER_SETTINGS: Final = ("subscriptionId", "tenantId", "location")


def read_settings() -> Settings:
    """Raises ConfigError naming every wrong setting."""
    # pulumi.Config reads names that one asks for. Only a list of all names shows a misspelt one.
    found: dict[str, Any] = {**get_config_env(), **CONFIG.get()}
    raw = {
        key.removeprefix(f"{NAMESPACE}:"): _value(value)
        for key, value in found.items()
        if key.startswith(f"{NAMESPACE}:")
    }
    if "azure" in raw:  # it is no setting: below, the name holds the provider's own
        raw[f"{NAMESPACE}:azure"] = raw.pop("azure")
    provider = pulumi.Config(AZURE)
    raw["azure"] = {name: value for name in PROVIDER_SETTINGS if (value := provider.get(name)) is not None}
    return load(raw, pulumi.get_stack())


def _value(value: Any) -> Any:
    """Pulumi hands maps and lists over as JSON, everything else as text (which may begin like JSON)."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
