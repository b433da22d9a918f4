"""Small graphs to review, and what the review of them says."""

from datetime import date
from typing import Any

from infra.graph.model import PACKAGE, Graph, Resource
from infra.review.compare import compare
from infra.review.review import Review, review

TODAY = date(2026, 11, 29)
ACCOUNT = PACKAGE + "storage:StorageAccount"


def made(type_: str, name: str, within: str = "mlops:Data", parent: str = "data", **more: Any) -> Resource:
    return Resource(type_, name, parent, more.pop("inputs", {}), within=within, **more)


def of(before: list[Resource], after: list[Resource]) -> Review:
    return review(Graph(before, stack="stage"), Graph(after, stack="stage"), TODAY)


def actions(before: list[Resource], after: list[Resource]) -> dict[str, str]:
    return {
        c.resource.name: ("renamed " if c.renamed else "") + c.action
        for c in compare(Graph(before), Graph(after))
        if c.action != "kept" or c.renamed
    }


def texts(found: Review, kind: str) -> list[str]:
    return [each.text for each in found.findings if each.kind == kind]
