"""The golden resource graphs. `python -m tests.infra.golden` writes them anew: read the diff.

Golden are the environments that the repository ships; one that is added needs no picture.
"""

from typing import Final

from tests.infra.recording import ROOT, Graph, record

FOLDER: Final = ROOT / "tests/infra/golden"
GOLDEN: Final = ("stage", "prod")


def picture(graph: Graph) -> str:
    """One line a resource: type, logical name, parent."""
    lines = sorted(f"{r.type:<55} {r.name:<65} in {r.parent or 'the stack'}" for r in graph.resources)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for stack in GOLDEN:
        (FOLDER / f"{stack}.txt").write_text(picture(record(stack)))
