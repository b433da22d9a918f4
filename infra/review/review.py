"""Everything that a review says, before it is written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.graph.model import Graph
from infra.review.beside import Beside, beside
from infra.review.compare import ABSENT, Change, compare
from infra.review.cost import Cost, monthly
from infra.review.doors import ROLE, role, scope, who_exactly
from infra.review.hurting import Finding, findings
from policies.evaluate import Results, evaluate
from policies.model import Violation


@dataclass(frozen=True, slots=True)
class Granted:
    """One role assignment that comes or goes; cells of Markdown."""

    principal: str
    role: str
    scope: str
    sign: str


@dataclass(frozen=True, slots=True)
class Review:
    """base, head: the graphs. new: what policies say of HEAD and did not say of BASE; mended: the reverse."""

    base: Graph
    head: Graph
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    roles: tuple[Granted, ...]
    cost: tuple[Cost | None, Cost | None]
    policies: Results
    new: tuple[Violation, ...]
    mended: tuple[Violation, ...]
    beside: Beside | None

    @property
    def changed(self) -> tuple[Change, ...]:
        """What exists in Azure and does not stay as it is."""
        return tuple(c for c in self.changes if c.resource.custom and (c.action != "kept" or c.renamed))

    def counts(self) -> dict[str, int]:
        found = Counter(c.action for c in self.changed if c.action != "kept")
        renamed = sum(c.renamed for c in self.changes if c.resource.custom)
        ordered = ("replaced", "removed", "added", "changed")
        return {name: found[name] for name in ordered if found[name]} | (
            {"renamed": renamed} if renamed else {}
        )


def review(base: Graph, head: Graph, today: date, other: Graph | None = None) -> Review:
    """other: the graph of another stack, as it is at HEAD."""
    changes = compare(base, head)
    was, now = evaluate(base, today), evaluate(head, today)
    # An exemption covers what is there: what a change makes worse under one is still told.
    before = {v.key for v in (*was.failed, *(v for v, _ in was.exempt))}
    after = (*now.failed, *(v for v, _ in now.exempt))
    new = tuple(v for v in after if v.key not in before)
    still = {v.key for v in after}
    mended = tuple(v for v in (*was.failed, *(v for v, _ in was.exempt)) if v.key not in still)
    return Review(
        base,
        head,
        changes,
        findings(changes, base, head, new),
        tuple(_granted(changes)),
        (monthly(base), monthly(head)),
        now,
        new,
        mended,
        beside(base, head, other) if other else None,
    )


def _granted(changes: tuple[Change, ...]) -> list[Granted]:
    found: list[Granted] = []
    for change in changes:
        if change.resource.token != ROLE or change.action not in ("added", "removed", "replaced"):
            continue
        for resource, sign in ((change.before, "-"), (change.after, "+")):
            if resource is not None:
                who = who_exactly(change, resource)
                found.append(Granted(who, role(resource), scope(resource), sign))
    return found


def as_json(found: Review) -> dict[str, Any]:
    """The same as data, for other programs."""

    def value(given: Any) -> Any:
        return None if given is ABSENT else given

    return {
        "stack": found.head.stack,
        "counts": found.counts(),
        "hurts": [
            {"kind": f.kind, "resource": f.resource.key, "path": f.path, "text": f.text}
            for f in found.findings
        ],
        "roles": [
            {"principal": g.principal, "role": g.role, "scope": g.scope, "sign": g.sign} for g in found.roles
        ],
        "cost": [
            {"currency": c.currency, "total": c.total, "lines": c.lines, "unknown": list(c.unknown)}
            if c
            else None
            for c in found.cost
        ],
        "policies": {
            "failed": [_violation(v) for v in found.policies.failed],
            "new": [_violation(v) for v in found.new],
            "mended": [_violation(v) for v in found.mended],
            "exempt": [
                {**_violation(v), "reason": e.reason, "expires": e.expires.isoformat()}
                for v, e in found.policies.exempt
            ],
            "expired": [_violation(v) for v, _ in found.policies.expired],
        },
        "changes": [
            {
                "action": c.action,
                "type": c.resource.token,
                "name": c.resource.name,
                "was": c.before.name if c.renamed and c.before else None,
                "because": list(c.because),
                "options": list(c.options),
                "differences": [
                    {"path": d.path, "before": value(d.before), "after": value(d.after)}
                    for d in c.differences
                ],
            }
            for c in found.changed
        ],
    }


def _violation(violation: Violation) -> dict[str, str]:
    return {"rule": violation.rule, "resource": violation.resource.key, "message": violation.message}
