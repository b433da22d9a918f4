"""Members in the check of an expression: that they are there and may be used, and what they give."""

from __future__ import annotations

from functools import lru_cache

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.printing import type_name
from emulator.apimanagement.policies.errors import ExpressionError
from emulator.apimanagement.policies.expressions.allowed import ALLOWED, DOCUMENTED
from emulator.apimanagement.policies.expressions.check_names import NameCheck, Scope
from emulator.apimanagement.policies.expressions.declare import prop
from emulator.apimanagement.policies.expressions.kinds import (
    STRING,
    Kind,
    element_of,
    kind_of,
    known,
    lookup_name,
    substituted,
)
from emulator.apimanagement.policies.expressions.types import TYPES, Member, TypeInfo, lineage, member_of


class MemberCheck(NameCheck):
    """Finds members of types and values; the types of values are left to the check of expressions."""

    def kind(self, node: syntax.Node, scope: Scope) -> Kind:
        """The type of an expression; everything in it is checked."""
        raise NotImplementedError

    def _find(
        self, target: syntax.Expression, name: str, node: syntax.Node, scope: Scope
    ) -> tuple[Member | None, Kind]:
        """A member and the type of what it belongs to; no member where only the value tells."""
        info = self._static_type(target, scope)
        if info is not None:
            self._allowed(info, name, node)
            for one in (info, *(TYPES[base] for base in info.bases if base in TYPES)):
                if name in one.statics:
                    return one.statics[name], syntax.Type(info.name)
            raise self._missing(info, name, node)
        if self._is_foreign(target, scope):
            raise self._no_type(_dotted(target), node)
        kind = known(self.kind(target, scope))
        if kind is None:
            self._any_member(name, node)
            return None, None
        if kind.nullable and not kind.ranks and name in ("Value", "HasValue"):
            plain = syntax.Type(kind.name, kind.arguments)
            return prop("bool" if name == "HasValue" else type_name(plain), _unused), kind
        lookup = lookup_name(kind)
        lines = lineage(lookup)
        if len(lines) <= 1:
            raise self._no_type(kind.name, node)
        self._allowed(lines[0], name, node)
        found = member_of(lookup, name)
        if found is None:
            raise self._missing(lines[0], name, node)
        return found, kind

    def _allowed(self, info: TypeInfo, name: str, node: syntax.Node) -> None:
        members = ALLOWED.get(info.full)
        if members is not None and name not in members:
            raise self._error(
                f"Usage of member '{name}' of type '{info.full}' is not supported within expressions", node
            )

    def _missing(self, info: TypeInfo, name: str, node: syntax.Node) -> ExpressionError:
        # Of types with many members the documentation allows all, the table has the usual ones.
        if info.full in ALLOWED or name in DOCUMENTED.get(info.name, ()):
            return self._not_known(f"the member {name} of {info.full} in policy expressions", node)
        return self._error(
            f"'{info.name}' does not contain a definition for '{name}' and no extension method '{name}' "
            f"accepting a first argument of type '{info.name}' could be found (are you missing a using "
            "directive or an assembly reference?)",
            node,
        )

    def _any_member(self, name: str, node: syntax.Node) -> None:
        """A member of what only the value tells: some type must have it."""
        if name not in self._own and name not in _every_member() and name != "HasValue":
            raise self._not_known(f"the member {name} in policy expressions", node)

    def _result(self, member: Member, owner: Kind, types: tuple[syntax.Type, ...], made: Kind) -> Kind:
        returns = member.returns
        if returns == "M":
            return known(types[0]) if types else None
        element = element_of(owner)
        pair = owner.arguments if owner and len(owner.arguments) == 2 else (None, None)
        if returns == "D":
            if types:
                return known(types[0])
            held = known(pair[1])
            return STRING if held and held.name == "string" else held
        if returns in ("T", "K", "V"):
            return {"T": element, "K": known(pair[0]), "V": known(pair[1])}[returns]
        if returns == "T[]" and element is None:
            return None
        kind = kind_of(returns)
        if kind is None:
            return None
        put: dict[str, Kind] = {
            "T": element,
            "K": known(pair[0]),
            "V": known(pair[1]),
            "M": types[0] if types else None,
            "R": made,
        }
        return substituted(kind, put)

    def _arity(self, member: Member, name: str, node: syntax.Call | syntax.New) -> None:
        least, most = member.arity
        if member.generic:
            most -= 1
        count = len(node.arguments)
        for one in node.arguments:
            if one.name and one.name not in member.names:
                raise self._error(
                    f"The best overload for '{name}' does not have a parameter named '{one.name}'", one
                )
        if not least <= count <= most:
            raise self._error(f"No overload for method '{name}' takes {count} arguments", node)


def _unused(value: object) -> object:
    """A member that the check alone looks at."""
    return value


def _dotted(node: syntax.Expression) -> str:
    return (
        f"{_dotted(node.target)}.{node.name}"
        if isinstance(node, syntax.Member)
        else getattr(node, "name", "")
    )


@lru_cache(maxsize=1)
def _every_member() -> frozenset[str]:
    return frozenset(name for info in TYPES.values() for name in info.members)
