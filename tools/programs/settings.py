"""Values for the settings that a program asks for."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import yaml

SUBSCRIPTION: Final = "0a7c1e5d-0000-4000-8000-00000000000a"
REGION: Final = "westeurope"
MISSING: Final = re.compile(r"Missing required configuration variable '(?:[^:']+:)?([^']+)'")
KEY: Final = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMnUPCDFSJHb1fPNRTJx4+dwT7y4YkNyp0fJgQbmzTdi programs@example.com"
)

# The first pattern that is found in the name of a setting, in lower case, gives the value.
BY_NAME: Final = (
    (r"public_?key", KEY),
    (r"location|region", REGION),
    (r"user_?name|admin|login", "programs"),
    (r"object_?id|principal", "11111111-1111-4111-8111-111111111111"),
    (r"firewall_address", "192.168.100.0/24"),
    (r"address|cidr|prefix", "10.100.0.0/16"),
    (r"count|size", "2"),
    (r"domain|host", "programs.example.com"),
    (r"mail", "programs@example.com"),
)
SECRET: Final = re.compile(r"password|pwd|secret|private_?key|token", re.IGNORECASE)


def value_of(name: str) -> str:
    """A value that a setting of this name can have; a new password for a secret."""
    if SECRET.search(name):
        return f"Aa1!{secrets.token_hex(8)}"
    return next((value for pattern, value in BY_NAME if re.search(pattern, name.lower())), "programs")


def at_first(project: Path) -> Iterator[tuple[str, str]]:
    """(name, value) of the provider's settings and of the defaults that the project's template states."""
    yield "azure-native:location", REGION
    yield "azure-native:subscriptionId", SUBSCRIPTION
    content: Any = yaml.safe_load((project / "Pulumi.yaml").read_text())
    config = cast("dict[str, Any]", (content.get("template") or {}).get("config") or {})
    for key, stated in config.items():
        name = str(key)  # YAML reads some words as other than text
        default: Any = cast("dict[str, Any]", stated).get("default") if isinstance(stated, dict) else None
        if default is not None and not re.search(r"location|environment", name):
            yield name, str(default).lower() if isinstance(default, bool) else str(default)


def asked(output: str) -> list[str]:
    """The names of the settings that a program found missing."""
    return list(dict.fromkeys(MISSING.findall(output)))
