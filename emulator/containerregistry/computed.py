"""What Microsoft.ContainerRegistry computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Final

from emulator.arm.computed import Table

REGISTRY: Final = "Microsoft.ContainerRegistry/registries"
DATED: Final = ("cacheRules", "credentialSets", "scopeMaps", "tokens", "tasks")

COMPUTED: Final[Table] = {
    **{f"{REGISTRY}/{name}": {"properties.creationDate": "{created}"} for name in DATED},
    f"{REGISTRY}/replications": {
        "properties.status": {"displayStatus": "Ready", "timestamp": "{changed}"},
    },
}
ABSENT: Final = {
    REGISTRY: {"status": "null in Azure's answers while a registry is well"},
    f"{REGISTRY}/replications": {"status.message": "null in Azure's answers while it is well"},
}
NOT_COMPUTED: Final = {
    f"{REGISTRY}/taskRuns": {"runResult": "a task run is kept and not run; use scheduleRun (az acr build)"}
}
