"""MLflow's search language: ``metrics.rmse < 1 and params.kind = 'a'``, ``metrics.rmse DESC``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from emulator.machinelearning.tracking.errors import invalid

Json = dict[str, Any]
# what stands before the dot -> where it is looked up; "" is an attribute without a prefix
KINDS: Final = {
    **dict.fromkeys(("metric", "metrics"), "metrics"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "params"),
    **dict.fromkeys(("tag", "tags"), "tags"),
    **dict.fromkeys(("attribute", "attributes", "attr", "run", ""), "attributes"),
}
NAMES: Final = {"run name": "run_name", "created": "start_time", "run_uuid": "run_id"}
NUMBERS: Final = frozenset({"start_time", "end_time", "creation_time", "last_update_time"})
TOKEN: Final = re.compile(
    r"\s*(?:(?P<quoted>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<operator><=|>=|!=|=|<|>)|(?P<mark>[(),])"
    r"|(?P<word>[^\s<>=!'\"(),`]*(?:`[^`]+`|\"[^\"]+\")?[^\s<>=!'\"(),`]*))"
)
COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "LIKE": lambda value, wanted: _like(value, wanted, 0),
    "ILIKE": lambda value, wanted: _like(value, wanted, re.IGNORECASE),
    "IN": lambda value, wanted: value in wanted,
    "NOT IN": lambda value, wanted: value not in wanted,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: ``kind`` is metrics, params, tags or attributes."""

    kind: str
    name: str
    comparison: str
    value: Any

    def holds(self, run: Json) -> bool:
        """Whether a run satisfies it. A value that the run does not have satisfies no condition."""
        value = run[self.kind].get(self.name)
        return value is not None and COMPARE[self.comparison](value, self.value)


def conditions(expression: str) -> list[Condition]:
    """The comparisons of a filter, which are joined by AND; 400 for what is no filter."""
    tokens = _tokens(expression)
    found: list[Condition] = []
    at = 0
    while at < len(tokens):
        if found:
            if tokens[at].upper() != "AND":
                raise invalid(f"Invalid filter {expression!r}: AND is needed before {tokens[at]!r}.")
            at += 1
        condition, at = _condition(tokens, at, expression)
        found.append(condition)
    return found


def ordering(clauses: Sequence[str]) -> list[tuple[str, str, bool]]:
    """(kind, name, descending) of each ``order_by`` clause."""
    found: list[tuple[str, str, bool]] = []
    for clause in clauses:
        match = re.fullmatch(r"\s*(.+?)(?:\s+(asc|desc))?\s*", clause, re.IGNORECASE)
        if match is None:
            raise invalid(f"Invalid order_by clause {clause!r}.")
        kind, name = _identifier(match[1], clause)
        found.append((kind, name, (match[2] or "").lower() == "desc"))
    return found


def ordered(runs: list[Json], clauses: Sequence[str]) -> list[Json]:
    """Runs in the order asked for; those without the value come last, the newest of equal ones first."""
    result = sorted(
        runs, key=lambda run: (-(run["attributes"]["start_time"] or 0), run["attributes"]["run_id"])
    )
    for kind, name, descending in reversed(ordering(clauses)):
        have = [run for run in result if run[kind].get(name) is not None]
        absent = [run for run in result if run[kind].get(name) is None]
        have.sort(key=lambda run, kind=kind, name=name: run[kind][name], reverse=descending)
        result = have + absent
    return result


def _tokens(expression: str) -> list[str]:
    found: list[str] = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        match = TOKEN.match(expression, at)
        if match is None or match.end() == at:
            raise invalid(f"Invalid filter {expression!r}: {expression[at:]!r} cannot be read.")
        at = match.end()
        found.append(match[0].strip())
    return found


def _condition(tokens: list[str], at: int, expression: str) -> tuple[Condition, int]:
    if len(tokens) - at < 3:
        raise invalid(f"Invalid filter {expression!r}: a comparison is incomplete.")
    kind, name = _identifier(tokens[at], expression)
    comparison = tokens[at + 1].upper()
    at += 2
    if comparison == "NOT" and tokens[at].upper() == "IN":
        comparison, at = "NOT IN", at + 1
    if comparison not in COMPARE:
        raise invalid(f"Invalid filter {expression!r}: {comparison!r} is none of {', '.join(COMPARE)}.")
    number = kind == "metrics" or (kind == "attributes" and name in NUMBERS)
    if comparison.endswith("IN"):
        value, at = _list(tokens, at, expression)
        return Condition(kind, name, comparison, value), at
    if at >= len(tokens):
        raise invalid(f"Invalid filter {expression!r}: a comparison is incomplete.")
    return Condition(kind, name, comparison, _value(tokens[at], number, expression)), at + 1


def _list(tokens: list[str], at: int, expression: str) -> tuple[list[str], int]:
    values: list[str] = []
    if at < len(tokens) and tokens[at] == "(":
        for here in range(at + 1, len(tokens)):
            if tokens[here] == ")":
                return values, here + 1
            if tokens[here] != ",":
                values.append(_value(tokens[here], False, expression))
    raise invalid(f"Invalid filter {expression!r}: IN needs a list in brackets.")


def _value(token: str, number: bool, expression: str) -> Any:
    if number:
        try:
            return float(token)
        except ValueError as error:
            raise invalid(f"Invalid filter {expression!r}: {token!r} is no number.") from error
    if len(token) < 2 or token[0] not in "'\"" or token[-1] != token[0]:
        raise invalid(f"Invalid filter {expression!r}: {token!r} must stand in quotes.")
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _identifier(token: str, expression: str) -> tuple[str, str]:
    prefix, dot, name = token.partition(".")
    if not dot:
        prefix, name = "", token
    kind = KINDS.get(prefix.lower())
    name = name.strip('`"')
    if kind is None or not name:
        raise invalid(
            f"Invalid filter {expression!r}: {token!r} is none of metrics.NAME, params.NAME, tags.NAME, "
            "attributes.NAME."
        )
    return kind, NAMES.get(name.lower(), name) if kind == "attributes" else name


def _like(value: Any, pattern: str, flags: int) -> bool:
    parts = (".*" if part == "%" else "." if part == "_" else re.escape(part) for part in pattern)
    return re.fullmatch("".join(parts), str(value), flags | re.DOTALL) is not None
