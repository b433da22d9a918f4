"""A review as the Markdown that a pull request shows: what hurts first, the details folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final

from infra.review.beside import Otherwise
from infra.review.compare import ABSENT, Change
from infra.review.cost import Cost
from infra.review.hurting import Kind, name
from infra.review.markdown import code, counted, folded, table
from infra.review.networks import rows
from infra.review.picture import picture
from infra.review.review import Review

GITHUB_TAKES: Final = 65_000  # characters of a comment; 65,536 by GitHub's word
HEADS: Final[dict[Kind, str]] = {
    "data": "🗑️ Data is lost",
    "protection": "🛡️ Protection is lost",
    "door": "🚪 Doors open",
    "weaker": "⚠️ Security gets weaker",
}
SHOWN: Final = 12  # rows of a table before the rest is folded
SHOWN_ONLY: Final = 8  # parts that only one stack has
FOLDED: Final = 40  # sentences of a kind that a reader can open
LONGEST_TABLE: Final = 100
INPUTS: Final = 8  # changed inputs of a resource that are listed
SOON: Final = timedelta(days=30)


def marker(stack: str) -> str:
    """What a comment is found again by: one for each project and stack."""
    return f"<!-- mlops-estate review of {stack} -->"


def render(found: Review, today: date, most: int = GITHUB_TAKES) -> str:
    """Never longer than `most` and than GitHub takes: details go from the end, and that is said."""
    most = min(most, GITHUB_TAKES)
    sections = list(_sections(found, today))
    text = "\n\n".join("\n".join(lines) for lines in sections)
    dropped = 0
    while len(text) > most and len(sections) > 2:
        sections.pop()
        dropped += 1
        note = (
            f"*{counted(dropped, 'section')} left out: a comment takes no more; the job's summary has all.*"
        )
        text = "\n\n".join("\n".join(lines) for lines in [*sections, [note]])
    if len(text) > most:
        text = text[:most].rpartition("\n")[0] + "\n\n*Cut here: a comment takes no more.*"
    return text + "\n"


def _sections(found: Review, today: date) -> Iterator[list[str]]:
    yield _head(found)
    yield _hurts(found)
    if found.roles:
        yield _roles(found)
    if network := list(rows(found.changes)):
        yield _network(network)
    yield _cost(found)
    yield _policies(found, today)
    if found.beside:
        yield _beside(found)
    if found.changed:
        yield _changes(found)
    if lines := picture(found.changes, found.base, found.head):
        yield ["### Picture", "", *lines]


def _head(found: Review) -> list[str]:
    counts = found.counts()
    said = ", ".join(f"{number} {what}" for what, number in counts.items()) or "nothing changes"
    hurts = len(found.findings)
    verdict = f"**{counted(hurts, 'thing')} can hurt.**" if hurts else "Nothing in it can hurt."
    failed = len(found.policies.failed)
    rules = f"**{counted(failed, 'policy fails', 'policies fail')}.**" if failed else "Policies hold."
    return [
        marker(found.head.stack),
        f"## {code(found.head.stack)}: {said}",
        "",
        f"{verdict} {rules} {_money(found)}",
    ]


def _money(found: Review) -> str:
    before, after = found.cost
    if before is None or after is None:
        return "What it costs is not known."
    return f"{_sum(before)} → {_sum(after)} a month."


def _sum(cost: Cost) -> str:
    return f"{cost.currency} {cost.total:,.0f}" + (" and what has no price" if cost.unknown else "")


def _hurts(found: Review) -> list[str]:
    lines = ["### What can hurt"]
    if not found.findings:
        return [*lines, "", "No data, no protection, no door, no security setting."]
    for kind, head in HEADS.items():
        texts = [each.text for each in found.findings if each.kind == kind]
        if not texts:
            continue
        lines += ["", f"**{head}**", ""]
        lines += [f"- {text}" for text in texts[:SHOWN]]
        if len(texts) > SHOWN:
            rest = [f"- {text}" for text in texts[SHOWN : SHOWN + FOLDED]]
            if len(texts) > SHOWN + FOLDED:
                rest.append(f"- and {len(texts) - SHOWN - FOLDED} of the same kind, which --json lists")
            lines += ["", *folded(f"{len(texts) - SHOWN} more", rest)]
    return lines


def _roles(found: Review) -> list[str]:
    """Principals down, scopes across."""
    scopes = list(dict.fromkeys(each.scope for each in found.roles))
    who = list(dict.fromkeys(each.principal for each in found.roles))
    cells: dict[tuple[str, str], list[str]] = {}
    for each in found.roles:
        cells.setdefault((each.principal, each.scope), []).append(f"{each.sign} {each.role}")
    body = [(one, *("<br>".join(sorted(cells.get((one, scope), []))) for scope in scopes)) for one in who]
    return ["### Roles", "", *table(("", *scopes), body)]


def _network(network: list[tuple[str, str, str]]) -> list[str]:
    head = ("what", "before", "after")
    lines = ["### Network", "", *table(head, network[:SHOWN])]
    if len(network) > SHOWN:
        lines += ["", *folded(f"{len(network) - SHOWN} more", _long(head, network[SHOWN:]))]
    return lines


def _cost(found: Review) -> list[str]:
    before, after = found.cost
    lines = ["### Cost a month"]
    if before is None or after is None:
        return [*lines, "", "Not known: the program has no price table."]
    parts = sorted(before.lines.keys() | after.lines.keys())
    changed = [
        (code(part), f"{before.lines.get(part, 0):,.2f}", f"{after.lines.get(part, 0):,.2f}")
        for part in parts
        if before.lines.get(part, 0) != after.lines.get(part, 0)
    ]
    if not changed and before.total == after.total:
        lines += ["", f"{after.currency} {after.total:,.2f}, as before."]
        return [*lines, *_unpriced(after)]
    total = ("**all**", f"{before.total:,.2f}", f"{after.total:,.2f}")
    lines += ["", *table((after.currency, "before", "after"), [*changed, total])]
    return [*lines, *_unpriced(after)]


def _unpriced(cost: Cost) -> list[str]:
    if not cost.unknown:
        return []
    return ["", f"Without a price: {', '.join(code(each) for each in cost.unknown[:SHOWN])}."]


def _policies(found: Review, today: date) -> list[str]:
    results = found.policies
    over = {v.key: e for v, e in results.expired}
    lines = ["### Policies", ""]
    says = [counted(len(results.failed), "fails", "fail") if results.failed else "None fails"]
    says += [f"{len(found.mended)} mended", f"{len(results.exempt)} exempt"]
    lines.append(", ".join(says) + ".")
    if results.failed:
        body = [
            (
                name(v.resource),
                code(v.rule) + (f", exempt until {over[v.key].expires}" if v.key in over else ""),
                v.message,
            )
            for v in results.failed
        ]
        lines += ["", *folded("What fails", _long(("resource", "policy", "what is wrong"), body)), ""]
    soon = sorted({(e.expires, e.rule) for _, e in results.exempt if e.expires - today <= SOON})
    lines += [f"- The exemption from {code(rule)} ends on {day}." for day, rule in soon]
    lines += [
        f"- No longer needed: the exemption from {code(e.rule)} for {code(e.resources)}."
        for e in results.unneeded
    ]
    return lines


def _long(head: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> list[str]:
    """A table that stays readable: how many rows it leaves out stands under it."""
    more = len(body) - LONGEST_TABLE
    return [
        *table(head, body[:LONGEST_TABLE]),
        *(["", f"{more} rows more, which --json lists."] if more > 0 else []),
    ]


def _beside(found: Review) -> list[str]:
    other = found.beside
    if other is None:
        return []
    here, there = found.head.stack, other.stack
    lines = [f"### {code(here)} against {code(there)}", ""]
    for stack, only in ((here, other.only_here), (there, other.only_there)):
        if only:
            lines += [f"Only {code(stack)} has: {_parts(only)}.", ""]
    if not other.only_here and not other.only_there:
        lines += ["Both have the same parts.", ""]
    head = ("resource", "input", here, there)
    if other.new:
        lines += ["New with this change:", "", *table(head, [_row(each) for each in other.new]), ""]
    if other.old:
        title = f"{counted(len(other.old), 'setting stands', 'settings stand')} otherwise as before"
        lines += folded(title, _long(head, [_row(each) for each in other.old]))
    return lines


def _parts(keys: Sequence[str]) -> str:
    """Their names; of many, how many there are of each type."""
    if len(keys) <= SHOWN_ONLY:
        return ", ".join(code(key.rpartition("::")[2]) for key in keys)
    kinds = Counter(key.partition("::")[0].rpartition(":")[2] for key in keys)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def _row(each: Otherwise) -> tuple[str, str, str, str]:
    names = ", ".join(code(one) for one in each.resources[:2])
    more = f" and {len(each.resources) - 2} more" if len(each.resources) > 2 else ""
    return names + more, code(each.path), _value(each.here), _value(each.there)


def _changes(found: Review) -> list[str]:
    lines = ["### All changes", ""]
    order = ("replaced", "removed", "added", "changed", "kept")
    signs = {"replaced": "±", "removed": "-", "added": "+", "changed": "~", "kept": "="}
    head = ("", "resource", "type", "what")
    body = [
        (signs[c.action], _called(c), c.resource.kind, _what(c))
        for c in sorted(found.changed, key=lambda c: order.index(c.action))
    ]
    if len(body) <= SHOWN:
        return [*lines, *table(head, body)]
    return [*lines, *folded(counted(len(body), "resource"), _long(head, body))]


def _called(change: Change) -> str:
    if change.renamed and change.before and change.after:
        if change.before.name != change.after.name:
            return f"{code(change.before.name)} → {code(change.after.name)} (alias)"
        return f"{code(change.after.name)} (moved, alias)"
    return code(change.resource.name)


def _what(change: Change) -> str:
    texts = [f"{code(d.path)}: {_value(d.before)} → {_value(d.after)}" for d in change.differences[:INPUTS]]
    if len(change.differences) > INPUTS:
        texts.append(f"{len(change.differences) - INPUTS} inputs more")
    texts += [f"option {code(option)}" for option in change.options]
    return "<br>".join(texts)


def _value(value: Any) -> str:
    if value is ABSENT or value is None:
        return "-"
    return "…" if isinstance(value, dict | list) and value else code(value)
