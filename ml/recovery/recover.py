"""Takes into a stack's state what Azure has of its program and the state does not know."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from infra.arm_ids import PREFIX, id_of
from ml.errors import MlopsError
from ml.recovery.plan import Create, Plan
from ml.recovery.stack import DEFAULT_PROVIDER, SUBSCRIPTION, PulumiStack, State
from ml.terminal.console import Report

AT_ONCE: Final = 8  # questions to Azure
Exists = Callable[[str, str], bool]
"""Whether Azure has a resource: of a type, as `azure-native:network:Subnet`, and an id."""


@dataclass(frozen=True, slots=True)
class Found:
    """A resource that Azure has and the state does not know."""

    create: Create
    id: str

    def row(self) -> dict[str, str]:
        return {"type": self.create.type, "name": self.create.name, "id": self.id}


@dataclass(slots=True)
class Answer:
    """pending: what was interrupted. found: what Azure has of it, in the order in which it was taken.

    replaced: names of what is so different from the program that `pulumi up` would make it anew. What an
    earlier run took in is among them.
    """

    pending: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    found: list[Found] = field(default_factory=list[Found])
    replaced: list[str] = field(default_factory=list[str])
    done: bool = False

    @property
    def clean(self) -> bool:
        return self.done or not (self.pending or self.found)


def recover(stack: PulumiStack, exists: Exists, report: Report, *, apply: bool) -> Answer:
    """Look, and with `apply` take it in. Nothing in Azure changes. Raises MlopsError.

    What stands in something that the state does not know either comes in a later round: names and ids of
    it are outputs of what holds it. Without `apply` there is one round, which finds no such.
    """
    with report.phase(f"reading the state of the stack {stack.name}"):
        state = stack.state()
    answer = Answer([{"operation": one.operation, "urn": one.urn} for one in state.pending])
    taken: set[str] = set()
    while True:
        with report.phase("asking Pulumi what it would create"):
            plan = stack.plan()
        found = _look(plan, state, exists, report)
        if again := [one.create.name for one in found if one.create.urn in taken]:
            raise MlopsError(
                f"Pulumi would create {', '.join(again)} although it has just been imported.",
                f"Look at `pulumi preview -s {stack.name} --diff`; docs/runbooks/interrupted-up.md.",
            )
        answer.found += found
        if not found or not apply:
            break
        with report.phase(f"importing {len(found)} of them"):
            stack.take({one.create.urn: one.id for one in found}, plan, state)
        taken |= {one.create.urn for one in found}
        state = stack.state()
    if apply:
        if state.pending:
            with report.phase("clearing what was pending"):
                stack.settle(state)
        answer.done = True
    answer.replaced = [urn.rpartition("::")[2] for urn in plan.replaced]
    return answer


def _look(plan: Plan, state: State, exists: Exists, report: Report) -> list[Found]:
    """Those of the resources to be created that are there."""
    candidates: list[Found] = []
    formless: set[str] = set()
    nowhere: set[str] = set()
    for one in plan.creates:
        if not one.custom or not one.type.startswith(PREFIX):
            continue
        try:
            if not (subscription := _subscription(one, plan.config, state)):
                nowhere.add(one.provider.rpartition("::")[2])
                continue
            resource_id = id_of(one.type, one.inputs, subscription)
        except LookupError:
            formless.add(one.type)
            continue
        if resource_id:
            candidates.append(Found(one, resource_id))
    for type_ in sorted(formless):
        report.warn(f"resources of the type {type_} are not looked for: infra/arm_ids.py has no form of them")
    for provider in sorted(nowhere):
        report.warn(f"resources of the provider {provider} are not looked for: its subscription is not known")
    with (
        report.phase(f"asking Azure for {len(candidates)} resources"),
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        there = pool.map(exists, [one.create.type for one in candidates], [one.id for one in candidates])
        return [one for one, is_there in zip(candidates, there, strict=True) if is_there]


def _subscription(create: Create, config: Mapping[str, Any], state: State) -> str:
    """ "" where it is that of a provider that the state does not know yet."""
    if DEFAULT_PROVIDER.search(create.provider):
        known = config.get(SUBSCRIPTION) or state.subscriptions.get(create.provider)
        return str(known or os.environ.get("ARM_SUBSCRIPTION_ID") or "")
    return state.subscriptions.get(create.provider, "")
