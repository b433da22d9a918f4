"""How columns are called that a query gives no name."""

from __future__ import annotations

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.aggregates import AGGREGATES, ALIASES
from emulator.monitor.kql.functions import SCALARS
from emulator.monitor.kql.table import unique


class Naming:
    """Names of the columns of one operator, each but once. keys: those of groups, which no `*` means."""

    keys: tuple[str, ...] = ()

    def __init__(self, prefix: str = "Column", taken: tuple[str, ...] = ()) -> None:
        self._prefix, self._made = prefix, list(taken)
        self._unnamed = 0

    def next(self, named: s.Named) -> str:
        """Of the next column."""
        wanted = named.names[0] if named.names else simple(named.value)
        if not wanted:
            self._unnamed += 1
            wanted = f"{self._prefix}{self._unnamed}"
        name = wanted if named.names else unique(wanted, self._made)
        self._made.append(name)
        return name


def simple(expression: s.Expression) -> str:
    """The name that an expression has by itself: a column's, a path's, that of a function's "
    "argument; or ""."""
    match expression:
        case s.Name(name):
            return name
        case s.Member(base, key):
            inner = simple(base)
            return f"{inner}_{key.value if isinstance(key, s.Literal_) else ''}" if inner else ""
        case s.Call(name, arguments):
            aggregate = AGGREGATES.get(ALIASES.get(name, name))
            if aggregate is not None:
                inner = simple(arguments[0].value) if arguments else ""
                if aggregate.name == "percentile" and len(arguments) > 1:
                    return f"percentile_{inner}_{number(arguments[1].value)}"
                return f"{aggregate.prefix}_{inner}" if aggregate.prefix else inner
            if name in SCALARS and SCALARS[name].names and arguments:
                return simple(arguments[0].value)
            return ""
        case _:
            return ""


def number(expression: s.Expression) -> str:
    """A literal in a name: its point is an underscore."""
    return str(expression.value).replace(".", "_") if isinstance(expression, s.Literal_) else ""
