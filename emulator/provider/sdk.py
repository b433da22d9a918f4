"""The installed Pulumi SDK of Azure, by its version: known without the schemas and the table of types."""

from __future__ import annotations

import importlib.metadata


def sdk_version() -> str:
    """The version of the installed pulumi-azure-native."""
    return importlib.metadata.version("pulumi-azure-native")
