"""Writes the tables of docs/estate.md anew from the program's own: `make docs`."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from infra import estimate
from infra.addresses import SUBNETS
from infra.alerts import BUDGET, METRICS, QUERIES
from infra.private_link import LINKS
from infra.roles import GRANTS
from infra.traffic import BETWEEN
from infra.vm_sizes import RETIRING

PAGE: Final = Path(__file__).resolve().parents[1] / "docs/estate.md"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = tuple(head)
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def subnets() -> str:
    """Each subnet, and what its place needs."""
    head = ("subnet", "setting", "for", "smallest", "a way out, because", "delegated to")
    rows = (
        (
            kind.key,
            f"`{kind.setting}`" + ("" if kind.required else ", may be left out"),
            kind.purpose,
            f"/{kind.smallest}",
            kind.outbound or "-",
            kind.delegation or "-",
        )
        for kind in SUBNETS
    )
    return _table(head, rows)


def between() -> str:
    """What goes from subnet to subnet."""
    rows = (
        (
            row.source,
            row.target,
            ", ".join("all ports" if port == "*" else port for port in row.ports),
            row.why,
        )
        for row in BETWEEN
    )
    return _table(("from", "to", "ports", "why"), rows)


def private_endpoints() -> str:
    """What private endpoints lead to, and their zones."""
    rows = ((link.service, link.group, ", ".join(f"`{zone}`" for zone in link.zones)) for link in LINKS)
    return _table(("service", "group", "private DNS zones"), rows)


def roles() -> str:
    """The plan of role assignments."""
    rows = ((grant.principal, grant.role, grant.scope, grant.why) for grant in GRANTS)
    return _table(("who", "role", "on", "why"), rows)


def retiring() -> str:
    """VM series that Azure takes out of service."""
    rows = ((series.name, series.retires, series.instead) for series in RETIRING)
    return _table(("series", "retires", "instead"), rows)


def alerts() -> str:
    """What somebody is told of."""
    severities = ("critical", "error", "warning", "informational", "verbose")
    rules = [(one.key, one.why, one.severity, "Log Analytics") for one in QUERIES]
    rules += [(one.key, one.why, one.severity, f"{one.part}: {one.metric}") for one in METRICS]
    rows = [(key, why, severities[severity], source) for key, why, severity, source in rules]
    rows += [
        (
            f"budget, {one.key}",
            f"{one.percent}% of the month's budget {'will be' if one.forecast else 'is'} spent",
            "-",
            "costs",
        )
        for one in BUDGET
    ]
    return _table(("alert", "when", "severity", "from"), rows)


def costs() -> str:
    """What a month costs while an estate stands still."""
    stacks = ("stage", "prod")
    profiles = (False, True)
    rows = [
        (one, *(f"{estimate.of(one, by_the_cheap_profile=cheap).usd:,.0f}" for cheap in profiles))
        for one in stacks
    ]
    return _table(("stack", "USD a month", "by the cheap profile"), rows)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "subnets": subnets,
    "between": between,
    "private endpoints": private_endpoints,
    "roles": roles,
    "alerts": alerts,
    "costs": costs,
    "retiring": retiring,
}


def written(page: str) -> str:
    """The page with each table between its marks as the program has it now."""
    for name, table in TABLES.items():
        marks = (f"<!-- make docs: {name} -->", f"<!-- end: {name} -->")
        pattern = re.compile(f"{re.escape(marks[0])}.*?{re.escape(marks[1])}", re.DOTALL)
        if len(pattern.findall(page)) != 1:
            raise SystemExit(f"{PAGE}: the marks {marks[0]} … {marks[1]} must stand there once")
        before, after = pattern.split(page)
        page = f"{before}{marks[0]}\n{table()}\n{marks[1]}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
