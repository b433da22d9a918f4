"""What system topics can be of, and the events that come from there.

From "Azure Blob Storage as an Event Grid source" and "Azure Machine Learning as an Event Grid source"
(learn.microsoft.com, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Source:
    """One topic type. arm_type: of its sources. events: those that are raised here. silent: Azure's others,
    which nothing here raises."""

    arm_type: str
    events: tuple[str, ...]
    silent: tuple[str, ...]


def _named(prefix: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}.{name}" for name in names)


SOURCES: Final[Mapping[str, Source]] = {
    "microsoft.storage.storageaccounts": Source(
        "Microsoft.Storage/storageAccounts",
        _named(
            "Microsoft.Storage",
            "BlobCreated",
            "BlobDeleted",
            "BlobRenamed",
            "BlobTierChanged",
            "DirectoryCreated",
            "DirectoryDeleted",
            "DirectoryRenamed",
        ),
        _named(
            "Microsoft.Storage",
            "AsyncOperationInitiated",
            "BlobInventoryPolicyCompleted",
            "LifecyclePolicyCompleted",
        ),
    ),
    "microsoft.machinelearningservices.workspaces": Source(
        "Microsoft.MachineLearningServices/workspaces",
        _named(
            "Microsoft.MachineLearningServices",
            "ModelRegistered",
            "RunCompleted",
            "RunStatusChanged",
        ),
        _named("Microsoft.MachineLearningServices", "ModelDeployed", "DatasetDriftDetected"),
    ),
}
