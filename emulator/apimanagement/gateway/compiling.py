"""Policy documents as steps: `<base />` and fragments put in their places, expressions made ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from emulator.apimanagement.gateway.plans import Action, Plan, Step
from emulator.apimanagement.policies.tree import SECTIONS, Document, Policy
from emulator.errors import NotEmulated

BASE: Final = "base"
DEEPEST: Final = 20  # fragments in fragments
# What stands where a service has no policy of its own ("Set or edit policies", global scope).
DEFAULT: Final = Document(sections={"backend": (Policy("forward-request"),)})


@dataclass(frozen=True, slots=True)
class Scope:
    """name: `global`, `product`, `api` or `operation`; place: ARM id of what the document belongs to."""

    name: str
    place: str
    document: Document


Makers = Mapping[str, Callable[[Policy, "Compiler"], Action]]
"""What makes a policy ready, by its name."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """Makes the steps of one scope.

    makers: of the policies that run. path: of the elements around, for errors. depth: of fragments.
    """

    makers: Makers
    fragments: Mapping[str, Document]
    scope: Scope
    section: str
    outer: tuple[Step, ...] = ()
    path: str = ""
    depth: int = 0

    def steps(self, policies: Iterable[Policy]) -> tuple[Step, ...]:
        """The steps of policies in their order."""
        found: list[Step] = []
        for index, policy in enumerate(policies, 1):
            if policy.name == BASE:
                found.extend(self.outer)
            elif policy.name == "include-fragment":
                found.extend(self._fragment(policy))
            else:
                found.append(self._step(policy, index))
        return tuple(found)

    def _step(self, policy: Policy, index: int) -> Step:
        make = self.makers.get(policy.name)
        if make is None:
            raise NotEmulated(f"the policy {policy.name} of API Management")
        path = f"{self.path}{policy.name}[{index}]"
        act = make(policy, replace(self, path=f"{path}/"))
        identifier = policy.get("id")
        return Step(
            policy.name,
            self.scope.name,
            act,
            identifier.text if identifier is not None else "",
            path,
            self.scope.place,
        )

    def _fragment(self, policy: Policy) -> tuple[Step, ...]:
        value = policy.get("fragment-id")
        name = value.text if value is not None else ""
        if name not in self.fragments or self.depth > DEEPEST:
            raise NotEmulated(f"the policy fragment '{name}', which is not there or holds itself")
        path = f"{self.path}include-fragment[{name}]/"
        inner = replace(self, path=path, depth=self.depth + 1, outer=())
        return inner.steps(self.fragments[name].policies)


def plan(makers: Makers, scopes: Sequence[Scope], fragments: Mapping[str, Document]) -> Plan:
    """The plan of a request. scopes: from the outermost, which is the service's own, to the innermost.

    A scope without a document is left out by the caller: what is around it holds as it stands. A section that
    a document does not write is empty, as that of a document that writes it without `<base />`.
    """
    sections: dict[str, tuple[Step, ...]] = dict.fromkeys(SECTIONS, ())
    for scope in scopes:
        sections = {
            name: Compiler(makers, fragments, scope, name, sections[name]).steps(scope.document.section(name))
            for name in SECTIONS
        }
    return Plan(sections["inbound"], sections["backend"], sections["outbound"], sections["on-error"])
