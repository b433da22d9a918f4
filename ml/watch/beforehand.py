"""What the readers import is imported before they run at once.

Two threads that import modules which import each other end in an error of Python (_DeadlockError, 3.11), or
one sees a module that is half there. Libraries of Azure do so, when the machine is busy.
"""

from importlib import import_module
from typing import Final

MODULES: Final = (
    "azure.ai.ml",
    "azure.core",
    "azure.core.exceptions",
    "azure.core.pipeline.policies",
    "azure.core.rest",
    "azure.identity",
    "azure.keyvault.secrets",
    "azure.monitor.query",
    "azure.storage.blob",
    "httpx",
    "pulumi",
    "pulumi.automation",
    "pulumi.automation.errors",
)
"""Of others. Modules of this project import one another in one direction, so that they may stay late."""


def imported() -> None:
    """Import them all, in this thread."""
    for name in MODULES:
        import_module(name)
