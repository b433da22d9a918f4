"""The Azure SDKs without their asynchronous clients, which no command has."""

import sys
from types import ModuleType
from typing import Final, cast

TRANSPORT: Final = "azure.core.pipeline.transport._aiohttp"


def only() -> None:
    """Let azure-core have no transport by aiohttp, as where aiohttp is not installed.

    azure-storage-blob imports it all the same, at the price of an eighth of a second in each process. Python
    takes None for a module that there is not.
    """
    sys.modules.setdefault(TRANSPORT, cast("ModuleType", None))
