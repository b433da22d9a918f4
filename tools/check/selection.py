"""What to check of a change: its Python files, their nearest importers, and the tests nearest to them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.check.imports import distances, importers_in, module_of

# What holds a whole part together comes first, however many imports away it is: places of a change that are
# forgotten are named there. By how the changed files' paths begin.
TOGETHER = (
    ("Pulumi.", "tests/infra/test_infra_plans.py"),
    ("Pulumi.", "tests/infra/test_infra_graph.py"),
    ("infra/alerts.py", "tests/infra/test_alert_runbooks.py"),
    ("infra/alerts.py", "tests/ml/watch/test_answers.py"),
    ("infra/", "tests/infra/test_infra_docs.py"),
    ("infra/", "tests/policies/test_rules.py"),
    ("policies/", "tests/policies/test_rules.py"),
    ("infra/", "tests/infra/test_infra_plans.py"),
    ("infra/", "tests/infra/test_infra_graph.py"),
    ("emulator/", "tests/emulator/core/test_docs.py"),
    ("ml/steps/", "tests/ml/steps/test_components.py"),
    ("scoring/", "tests/scoring/test_openapi.py"),
    ("scoring/scorer.py", "tests/scoring/machine/test_machine_choice.py"),
)
TYPED = ("emulator", "infra", "ml", "policies", "scoring")


@dataclass(frozen=True, slots=True)
class Selection:
    """Paths relative to the checkout. tests: the nearest to the change come first."""

    changed: tuple[str, ...]
    python: tuple[str, ...]
    typed: tuple[str, ...]
    tests: tuple[str, ...]


class GitError(Exception):
    """git could not tell what changed."""


def git(root: Path, *arguments: str) -> list[str]:
    """The entries of a NUL-separated answer. Raises GitError with git's own words."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GitError(done.stderr.strip() or f"git {arguments[0]} exited with {done.returncode}")
    return [entry for entry in done.stdout.split("\0") if entry]


def changed_files(root: Path, base: str) -> list[str]:
    """What differs from where this branch left `base`, committed or not, new files too; deleted ones not."""
    fork = subprocess.run(
        ["git", "merge-base", base, "HEAD"], cwd=root, capture_output=True, text=True, check=False
    )
    start = fork.stdout.strip() if fork.returncode == 0 else base
    found = git(root, "diff", "--name-only", "-z", "--diff-filter=d", start)
    return sorted({*found, *git(root, "ls-files", "-z", "--others", "--exclude-standard")})


def is_test(path: str) -> bool:
    return path.startswith("tests/") and Path(path).name.startswith("test_")


def select(root: Path, changed: Iterable[str]) -> Selection:
    """A file that is not Python stands for the modules beside it and for the tests that name it."""
    given = tuple(changed)
    files = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py")
    python = [path for path in files if (root / path).is_file()]
    importers = importers_in(root, python)
    modules = {path: module_of(path) for path in python}
    start = {modules[path] for path in given if path in modules}
    others = [path for path in given if path not in modules]
    for path in others:
        start.update(modules[each] for each in python if Path(each).parent == Path(path).parent)
    away = distances(start, importers)

    def distance(path: str) -> int | None:
        if modules[path] in away:
            return away[modules[path]]
        text = (root / path).read_text(encoding="utf-8") if others else ""
        return 1 if any(Path(other).name in text for other in others) else None

    near = {path: found for path in python if is_test(path) and (found := distance(path)) is not None}
    together = {test for begin, test in TOGETHER if any(path.startswith(begin) for path in given)}
    near |= dict.fromkeys(together.intersection(python), 0)
    typed = [path for path in python if path.startswith(TYPED) and away.get(modules[path], 9) <= 1]
    return Selection(
        given,
        tuple(path for path in given if path in modules),
        tuple(typed),
        tuple(sorted(near, key=lambda path: (near[path], path))),
    )
