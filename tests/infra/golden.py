"""The golden resource graphs. `python -m tests.infra.golden` writes them anew: read the diff."""

from tests.infra.recording import ROOT, Graph, record

FOLDER = ROOT / "tests/infra/golden"


def picture(graph: Graph) -> str:
    """One line a resource: type, logical name, parent."""
    lines = sorted(f"{r.type:<55} {r.name:<65} in {r.parent or 'the stack'}" for r in graph.resources)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for stack in ("stage", "prod"):
        (FOLDER / f"{stack}.txt").write_text(picture(record(stack)))
