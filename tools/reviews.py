"""python -m tools.reviews BASE: the review of every stack, against the accepted graphs of a commit.

Each goes to standard output; on GitHub all also go into the step's output `reviews`, as JSON by stack.
Exit codes: 0, or 1 when a policy fails at any stack's new graph, 2 when BASE is no commit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Final

from infra.environments import ROOT, environments
from infra.graph.canonical import FORMAT, load
from infra.graph.model import Graph
from infra.graph.recording import record
from infra.review.render import render
from infra.review.review import review

# The next job gets all reviews in one variable of its environment, of which Linux takes 131,072 bytes.
ALL_TAKE: Final = 90_000
GOLDEN: Final = "tests/infra/golden"


def accepted(commit: str, stack: str) -> Graph:
    """The golden graph as a commit has it; an empty one where it has none: then everything is new."""
    show = ["git", "show", f"{commit}:{GOLDEN}/{stack}.json"]
    done = subprocess.run(show, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return Graph(stack=stack)
    read = json.loads(done.stdout)
    return load(done.stdout) if read.get("format") == FORMAT else Graph(stack=stack)


def reviews(commit: str, heads: dict[str, Graph], today: date) -> tuple[dict[str, str], bool]:
    """Markdown by stack, and whether all policies hold."""
    texts: dict[str, str] = {}
    good = True
    for stack, head in heads.items():
        others = [other for name, other in heads.items() if name != stack]
        found = review(accepted(commit, stack), head, today, others[0] if others else None)
        texts[stack] = render(found, today, ALL_TAKE // len(heads))
        good = good and found.policies.ok
    return texts, good


def main(arguments: list[str]) -> int:
    """The exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    known = ["git", "rev-parse", "--quiet", "--verify", f"{arguments[0]}^{{commit}}"]
    if subprocess.run(known, cwd=ROOT, capture_output=True, check=False).returncode:
        print(f"tools.reviews: {arguments[0]!r} is no commit of this clone", file=sys.stderr)
        return 2
    texts, good = reviews(arguments[0], {stack: record(stack) for stack in environments()}, date.today())
    print("\n".join(texts.values()))
    if output := os.environ.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"reviews={json.dumps(texts, ensure_ascii=False)}\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
