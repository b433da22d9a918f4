"""The settings of the stack that Pulumi is running."""

import json
from typing import Any, Final

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from infra.config import Settings, load
from infra.config_errors import AZURE, NAMESPACE

PROVIDER_SETTINGS: Final = ("subscriptionId", "tenantId", "location")


# Of Pulumi's language host: the program has said what is wrong. With any other code Pulumi adds an error of
# its own, "an unhandled error occurred", which a reader takes for a second one.
EXPLAINED: Final = 32


def read_settings() -> Settings:
    """Raises ConfigError naming every wrong setting."""
    return load(raw_settings(NAMESPACE), pulumi.get_stack())


def raw_settings(namespace: str) -> dict[str, Any]:
    """What the stack file says under a project's namespace, and under `azure` the provider's own settings."""
    # pulumi.Config reads names that one asks for. Only a list of all names shows a misspelt one.
    found: dict[str, Any] = {**get_config_env(), **CONFIG.get()}
    raw = {
        key.removeprefix(f"{namespace}:"): _value(value)
        for key, value in found.items()
        if key.startswith(f"{namespace}:")
    }
    if "azure" in raw:  # it is no setting: below, the name holds the provider's own
        raw[f"{namespace}:azure"] = raw.pop("azure")
    provider = pulumi.Config(AZURE)
    raw["azure"] = {name: value for name in PROVIDER_SETTINGS if (value := provider.get(name)) is not None}
    return raw


def _value(value: Any) -> Any:
    """Pulumi hands maps and lists over as JSON, everything else as text (which may begin like JSON)."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
