"""PodDisruptionBudgets: what may be evicted now, said in their status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from emulator.kubernetes.controllers import budgets
from emulator.kubernetes.controllers.controller import Controller
from emulator.kubernetes.controllers.facts import (
    owner,
)

Json = dict[str, Any]


class Disruption(Controller):
    """Of one cluster."""

    def budgets(self) -> None:
        for budget in self.all("PodDisruptionBudget"):
            namespace, now = budget["metadata"]["namespace"], datetime.now(UTC)
            pods = self.selected(budget["spec"].get("selector"), namespace)
            made = budgets.status(budget, pods, self._wanted(namespace, pods), now)
            self.say("PodDisruptionBudget", budget, made)

    def _wanted(self, namespace: str, pods: list[Json]) -> int:
        """How many pods the owners of these are to have."""
        wanted: dict[str, int] = {}
        for pod in pods:
            by = owner(pod)
            one = self.objects.find("ReplicaSet", namespace, by["name"]) if by else None
            if one is None:
                continue
            above = owner(one)
            found = self.objects.find("Deployment", namespace, above["name"]) if above else None
            chosen = found or one
            wanted[chosen["metadata"]["uid"]] = int(chosen["spec"].get("replicas", 1))
        return sum(wanted.values())
