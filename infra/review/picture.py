"""A Mermaid picture of what changed, with what it stands beside."""

from __future__ import annotations

import re
from typing import Final

from infra.graph.model import Graph, Resource
from infra.review.compare import Change

MOST: Final = 30
LONGEST_LIST: Final = 2
STYLES: Final = {
    "added": "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "removed": "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
    "replaced": "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-width:3px",
    "changed": "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "kept": "fill:#f6f8fa,stroke:#d1d9e0,color:#59636e",
}
SIGNS: Final = {"added": "+ ", "removed": "- ", "replaced": "± ", "changed": "~ ", "kept": ""}
# What nearly everything refers to says nothing in a picture.
EVERYWHERE: Final = ("resources:ResourceGroup",)


def picture(changes: tuple[Change, ...], base: Graph, head: Graph) -> list[str]:
    """Lines of a flow chart: changed resources and what each refers to; none when nothing changed."""
    found = [c for c in changes if c.action != "kept" and c.resource.custom]
    if not found:
        return []
    drawn = {c.resource.key: c for c in found[:MOST]}
    known = {**base.by_key(), **head.by_key()}
    edges: list[tuple[str, str]] = []
    near: dict[str, Resource] = {}
    for key, change in drawn.items():
        for other in _refers(change):
            if other == key or other not in known or known[other].token in EVERYWHERE:
                continue
            if other not in drawn and change.action != "changed" and len(drawn) + len(near) < MOST:
                near[other] = known[other]
            if (other in drawn or other in near) and (key, other) not in edges:
                edges.append((key, other))
    ids = {key: f"n{number}" for number, key in enumerate([*drawn, *near])}
    lines = ["```mermaid", "flowchart LR"]
    for key, change in drawn.items():
        label = _label(change.resource, SIGNS[change.action])
        lines.append(f'  {ids[key]}["{label}"]:::{change.action}')
    lines += [f'  {ids[key]}["{_label(resource, "")}"]:::kept' for key, resource in near.items()]
    lines += [f"  {ids[source]} --> {ids[to]}" for source, to in edges]
    used = {c.action for c in drawn.values()} | ({"kept"} if near else set())
    lines += [f"  classDef {name} {style}" for name, style in STYLES.items() if name in used]
    lines.append("```")
    if len(found) > MOST:
        lines += ["", f"{len(found) - MOST} changed resources more are not drawn."]
    return lines


def _refers(change: Change) -> list[str]:
    """The keys that it refers to, without the long lists of firewalls."""
    lists = change.resource.references.values()
    return sorted({key for keys in lists if len(keys) <= LONGEST_LIST for key in keys})


def _label(resource: Resource, sign: str) -> str:
    """Mermaid reads quotes, brackets and entities in labels: letters, digits and plain signs stay."""

    def plain(text: str) -> str:
        return re.sub(r"[^\w .:/-]", "·", text)[:48]

    return f"{sign}{plain(resource.name)}<br/><i>{plain(resource.kind)}</i>"
