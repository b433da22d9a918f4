"""The types of Microsoft.App: container apps, jobs and their environments.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import ResourceType, Row

APP: Final = "Microsoft.App"

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(f"{APP}/managedEnvironments/{{environmentName}}", "app:ManagedEnvironment"),
    Row(f"{APP}/containerApps/{{containerAppName}}", "app:ContainerApp"),
    Row(f"{APP}/jobs/{{jobName}}", "app:Job"),
)
# fmt: on
