"""Writes docs/policies.md, and the example of docs/review.md, anew from the code: `make docs`."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Final

from infra.review.markdown import code, table
from infra.review.render import render
from infra.review.review import review
from policies.evaluate import GRAPH_RULES, RULES
from policies.exemptions import EXEMPTIONS
from tools import review_example

ROOT: Final = Path(__file__).resolve().parents[1]
POLICIES: Final = ROOT / "docs/policies.md"
REVIEW: Final = ROOT / "docs/review.md"
# The example's day: exemptions that end later change nothing on the page.
DAY: Final = date(2026, 11, 29)
MARKS: Final = ("<!-- make docs: example -->", "<!-- end: example -->")


def policies_page() -> str:
    """Every rule and every exemption."""
    head = ("id", "over", "why", "stands for")
    single = [
        (code(r.id), _types(r.types), r.reason, ", ".join(r.stands_for) or "-")
        for r in sorted(RULES, key=lambda rule: rule.types)
    ]
    whole = [(code(r.id), "the whole graph", r.reason, ", ".join(r.stands_for) or "-") for r in GRAPH_RULES]
    exempt = [(code(e.rule), e.stack, code(e.resources), e.reason, e.expires.isoformat()) for e in EXEMPTIONS]
    return "\n".join(
        [
            "# Policies",
            "<!-- Written by `make docs`. -->",
            f"{len(RULES)} rules over single resources and {len(GRAPH_RULES)} over a whole graph.",
            "An input that a rule looks at has to be set: Azure's and the SDK's defaults are not relied on.",
            "Ids of Checkov (CKV) and PSRule (AZR) stand beside the rules that ask the same.",
            "[review.md](review.md) says where they run.",
            "",
            "## Rules",
            *table(head, [*whole, *single]),
            "",
            "## Exemptions",
            "Each has an end; after it the rule fails again.",
            "",
            *table(("rule", "stack", "resources", "why", "until"), exempt),
            "",
        ]
    )


def _types(types: tuple[str, ...]) -> str:
    return "every type" if types == ("*",) else ", ".join(code(each.rpartition(":")[2]) for each in types)


def example() -> str:
    """The review of tools/review_example.py, one heading deeper; another stack is left out here."""
    found = review(review_example.base(), review_example.head(), DAY)
    return render(found, DAY).partition("\n")[2].replace("\n### ", "\n#### ").replace("## ", "### ", 1)


def review_page(page: str) -> str:
    """docs/review.md with the example between its marks."""
    pattern = re.compile(f"{re.escape(MARKS[0])}.*?{re.escape(MARKS[1])}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise SystemExit(f"{REVIEW}: the marks {MARKS[0]} … {MARKS[1]} must stand there once")
    before, after = pattern.split(page)
    return f"{before}{MARKS[0]}\n{example()}\n{MARKS[1]}{after}"


if __name__ == "__main__":
    POLICIES.write_text(policies_page(), encoding="utf-8")
    REVIEW.write_text(review_page(REVIEW.read_text(encoding="utf-8")), encoding="utf-8")
