"""Operations that take a while on demand: what they do is done, and their end is told later.

Whoever asks meanwhile sees the resource as Azure shows it, and no other change of it is taken.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.errors import AzureError

Json = dict[str, Any]
# types (lower case) whose operations take minutes in Azure -> what another change is told meanwhile
SLOW: Final[dict[str, tuple[str, str]]] = {
    "microsoft.containerservice/managedclusters": (
        "OperationNotAllowed",
        "Operation is not allowed: Another operation ({state}) is in progress, please wait for it to finish "
        "before starting a new operation. See https://aka.ms/aks-pending-operation for more details",
    ),
    "microsoft.containerservice/managedclusters/agentpools": (
        "OperationNotAllowed",
        "Operation is not allowed: Another operation ({state}) is in progress, please wait for it to finish "
        "before starting a new operation. See https://aka.ms/aks-pending-operation for more details",
    ),
    "microsoft.apimanagement/service": (
        "Conflict",
        "API Service {name} is transitioning at this time. Please try the request again later.",
    ),
    "microsoft.machinelearningservices/workspaces": ("Conflict", "Workspace {name} is {state}."),
    "microsoft.machinelearningservices/workspaces/computes": ("Conflict", "Compute {name} is {state}."),
    "microsoft.containerregistry/registries/agentpools": ("Conflict", "Agent pool {name} is {state}."),
    "microsoft.network/privateendpoints": (
        "AnotherOperationInProgress",
        "Another operation on this or dependent resource is in progress.",
    ),
    "microsoft.network/virtualnetworkgateways": (
        "AnotherOperationInProgress",
        "Another operation on this or dependent resource is in progress.",
    ),
}


class Pending:
    """The operations under way. They are forgotten with the process: then they have ended."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._ends: dict[str, tuple[str, float]] = {}  # folded id -> state, time of the end

    def begin(self, resource_id: str, arm_type: str, state: str) -> float:
        """The time (of `time.time`) at which the change of a resource ends; 0.0 for one that has ended."""
        if not self.seconds or arm_type.lower() not in SLOW:
            return 0.0
        end = time.time() + self.seconds
        with self._lock:
            self._ends[fold(resource_id)] = state, end
        return end

    def state(self, resource_id: str) -> str:
        """`Creating`, `Updating` or `Deleting` while the operation runs, "" when there is none."""
        if not self._ends:
            return ""
        with self._lock:
            state, end = self._ends.get(fold(resource_id), ("", 0.0))
            if state and end <= time.time():
                del self._ends[fold(resource_id)]
                return ""
        return state

    def check(self, resource_id: str, arm_type: str) -> None:
        """409 for another change of a resource while one is under way."""
        if state := self.state(resource_id):
            code, words = SLOW[arm_type.lower()]
            name = resource_id.rsplit("/", 1)[-1]
            raise AzureError(409, code, words.format(state=state, name=name))
