"""What Azure refuses of a policy when it is put, in its words where they are known.

`Error in element 'choose' on line 21, column 10: …` names the policy that stands in the section, as reports
in Azure/api-management-policy-snippets#137 and microsoft/vscode-apimanagement#145 have it. What is said of
elements and attributes is how .NET's validation of XML schemas says it; "Policy is not allowed in the
specified section" is from memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from emulator.apimanagement.policies.errors import ExpressionError, PolicyError
from emulator.apimanagement.policies.expressions.check import check
from emulator.apimanagement.policies.expressions.check_names import NotKnown
from emulator.apimanagement.policies.table import POLICIES, Element
from emulator.apimanagement.policies.tree import FRAGMENT, SECTIONS, Document, Policy, Position, Value
from emulator.errors import NotEmulated

# Attributes whose expression gives a truth.
_CONDITIONS: Final = frozenset({"condition"})


class Names(Protocol):
    """What a service holds that policies name."""

    def fragment(self, name: str) -> bool:
        """Whether there is a policy fragment of this id."""
        ...

    def backend(self, name: str) -> bool:
        """Whether there is a backend of this id."""
        ...

    def named_values(self) -> Mapping[str, str | None]:
        """Display name -> value, None of a secret's."""
        ...


@dataclass
class Findings:
    """What is wrong with a document. errors: Azure's refusals; unknown: what is not emulated, by name."""

    errors: list[PolicyError] = field(default_factory=list[PolicyError])
    unknown: list[str] = field(default_factory=list[str])

    def raise_first(self) -> None:
        """NotEmulated with all that is not emulated, after `errors` were told."""
        if self.unknown:
            raise NotEmulated("; ".join(dict.fromkeys(self.unknown)))


def validate(document: Document, names: Names, scope: str | None = None) -> Findings:
    """Everything that is wrong. scope: `global`, `product`, `api` or `operation`; None of a fragment."""
    return _Validation(names, scope).run(document)


class _Validation:
    def __init__(self, names: Names, scope: str | None) -> None:
        self._names = names
        self._scope = scope
        self._values = names.named_values()
        self._plain = {name: value for name, value in self._values.items() if value is not None}
        self._found = Findings()
        # The policy in the section that everything inside it is told of.
        self._told = ""
        self._place = Position(1, 1)

    def run(self, document: Document) -> Findings:
        for name, section in document.sections.items():
            if document.root != FRAGMENT and name not in SECTIONS:
                place = document.positions.get(name, Position(1, 1))
                self._found.errors.append(
                    PolicyError(name, place, "Policy section is not allowed in the specified scope")
                )
                continue
            for policy in section:
                self._told, self._place = policy.name, policy.position
                self._policy(policy, None if document.root == FRAGMENT else name, name)
        return self._found

    def _error(self, policy: Policy, message: str) -> None:
        self._found.errors.append(PolicyError(policy.name, policy.position, message))

    def _policy(self, policy: Policy, section: str | None, around: str) -> None:
        """A policy where policies stand. section: None in a fragment, which may be included in any."""
        row = POLICIES.get(policy.name)
        if row is None:
            known = sorted(
                one.name for one in POLICIES.values() if section is None or section in one.sections
            )
            self._error(policy, _not_expected(around, policy.name, known))
            return
        if section is not None and section not in row.sections:
            self._error(policy, "Policy is not allowed in the specified section")
        if self._scope is not None and self._scope not in row.scopes:
            self._error(policy, "Policy is not allowed in the specified scope")
        if self._scope is None and policy.name in ("base", "include-fragment"):
            self._error(policy, f"'{policy.name}' is not allowed in a policy fragment")
        if not row.runs:
            self._found.unknown.append(f"the policy {policy.name} of API Management")
            return
        self._element(policy, row, section)
        self._rules(policy)

    def _element(self, policy: Policy, row: Element, section: str | None) -> None:
        self._attributes(policy, row)
        counted: dict[str, int] = {}
        for child in policy.children:
            inner = row.inside.get(child.name)
            if inner is not None:
                counted[child.name] = counted.get(child.name, 0) + 1
                if inner[1] in ("1", "?") and counted[child.name] > 1:
                    self._error(
                        child, f"The element '{policy.name}' has invalid child element '{child.name}'."
                    )
                if not inner[0].runs:
                    self._found.unknown.append(f"{child.name} in {policy.name} of API Management")
                    continue
                self._element(child, inner[0], section)
            elif row.policies:
                self._policy(child, section, policy.name)
            else:
                self._error(child, _not_expected(policy.name, child.name, list(row.inside)))
        missing = [
            name for name, (_, count) in row.inside.items() if count in ("1", "+") and name not in counted
        ]
        if missing:
            self._error(policy, _incomplete(policy.name, missing))
        self._text(policy, row)

    def _text(self, policy: Policy, row: Element) -> None:
        if policy.text is None:
            if row.text == "must" and not policy.children:
                self._error(policy, f"The element '{policy.name}' has incomplete content.")
            return
        if row.text == "none":
            expected = ", ".join(row.inside)
            more = f" List of possible elements expected: '{expected}'." if expected else ""
            self._error(policy, f"The element '{policy.name}' cannot contain text.{more}")
            return
        if "template" in policy.attributes:
            return  # refused with its attribute; what stands in braces is liquid's
        self._value(policy.text, condition=False)

    def _attributes(self, policy: Policy, row: Element) -> None:
        for name in row.required:
            if name not in policy.attributes:
                self._error(policy, f"The required attribute '{name}' is missing.")
        for name, value in policy.attributes.items():
            if name not in row.attributes:
                self._error(policy, f"The '{name}' attribute is not declared.")
                continue
            words = row.choices.get(name)
            bound = value.bound(self._plain)
            refused = row.refused.get(name)
            if refused is not None and (not refused or bound.text in refused):
                shown = f'{name}="{bound.text}"' if refused else name
                self._found.unknown.append(f"{shown} of {policy.name} in the policy {self._told}")
            if words and not bound.is_expression and "{{" not in bound.text and bound.text not in words:
                self._error(
                    policy,
                    f"The '{name}' attribute is invalid - The value '{bound.text}' is invalid according to "
                    "its datatype 'String' - The Enumeration constraint failed.",
                )
            self._value(value, condition=name in _CONDITIONS)

    def _value(self, value: Value, *, condition: bool) -> None:
        for name in value.named_values:
            if name not in self._values:
                self._found.errors.append(
                    PolicyError(self._told, self._place, f"Cannot find a property '{name}'")
                )
        bound = value.bound(self._plain)
        if not bound.is_expression:
            return
        try:
            kind = check(bound.expression)
        except NotKnown as unknown:
            self._found.unknown.append(unknown.what)
            return
        except ExpressionError as error:
            self._found.errors.append(PolicyError(self._told, self._place, error.message))
            return
        if condition and kind is not None and (kind.name not in ("bool", "Boolean") or kind.ranks):
            self._found.errors.append(
                PolicyError(
                    self._told, self._place, f"Cannot implicitly convert type '{kind.name}' to 'bool'"
                )
            )

    def _rules(self, policy: Policy) -> None:
        """What no table says."""
        match policy.name:
            case "include-fragment":
                name = self._literal(policy, "fragment-id")
                if name and not self._names.fragment(name):
                    self._error(policy, f"Policy fragment '{name}' could not be found.")
            case "set-backend-service":
                name = self._literal(policy, "backend-id")
                if name and not self._names.backend(name):
                    self._error(policy, f"Backend with id '{name}' could not be found.")
                if not policy.attributes:
                    self._error(policy, "Either 'base-url' or 'backend-id' attribute is required.")
            case "set-header" | "set-query-parameter":
                kept = self._literal(policy, "exists-action") != "delete"
                if kept and not policy.children and policy.text is None:
                    self._error(policy, _incomplete(policy.name, ["value"]))
            case "validate-jwt":
                given = ("header-name", "query-parameter-name", "token-value")
                if not any(name in policy.attributes for name in given):
                    self._error(
                        policy,
                        "One of 'header-name', 'query-parameter-name' and 'token-value' is required.",
                    )
            case _:
                return

    def _literal(self, policy: Policy, attribute: str) -> str:
        """An attribute's value, empty where only a request or a secret tells it."""
        value = policy.get(attribute)
        bound = value.bound(self._plain) if value else None
        return "" if bound is None or bound.is_expression or "{{" in bound.text else bound.text


def _not_expected(around: str, name: str, known: list[str]) -> str:
    expected = f" List of possible elements expected: '{', '.join(known)}'." if known else ""
    return f"The element '{around}' has invalid child element '{name}'.{expected}"


def _incomplete(name: str, missing: list[str]) -> str:
    expected = ", ".join(missing)
    return f"The element '{name}' has incomplete content. List of possible elements expected: '{expected}'."


def details(errors: list[PolicyError]) -> Iterator[dict[str, str]]:
    """The details of a ValidationError."""
    for one in errors:
        yield {"code": "ValidationError", "target": one.element, "message": str(one)}
