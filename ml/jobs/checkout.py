"""Asks git about the files that are to leave this machine."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ml.errors import MlopsError

TIME_LIMIT_SECONDS = 30
# The remedy, by words that git uses when it refuses.
REMEDIES = {
    "dubious ownership": "Make the checkout yours (chown), or tell git that you trust it: "
    "`git config --global --add safe.directory {root}`.",
}


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout: `commit` is None before the first commit, `tracked` are paths relative to the root."""

    root: Path
    commit: str | None
    tracked: frozenset[str]

    def changed(self, files: list[str]) -> bool:
        """Whether any of the files differs from the commit. Raises MlopsError with git's words."""
        return bool(_git(self.root, "status", "--porcelain", "-z", "--untracked-files=no", "--", *files))


def look(root: Path, packages: tuple[str, ...]) -> Checkout | None:
    """What git tracks of the packages; None without a repository, or where the one around root ignores it.

    Raises MlopsError when there is a repository and git cannot or will not say what it tracks, and when it
    tracks none of the packages: then nobody has said which files may leave this machine.
    """
    top = root.resolve()
    if not any(os.path.lexists(place / ".git") for place in (top, *top.parents)):
        return None
    tracked = frozenset(_git(root, "ls-files", "-z", "--", *packages).split("\0")) - {""}
    if not tracked:
        if _git(root, "check-ignore", str(top), empty=True):
            return None
        raise MlopsError(
            f"{root} is in a git repository that tracks none of its folders {', '.join(packages)}, so it is "
            "not known which files may leave this machine.",
            "`git add` them. Is it another project's repository? Then let its .gitignore name this folder.",
        )
    return Checkout(root, _git(root, "rev-parse", "--verify", "--quiet", "HEAD", empty=True) or None, tracked)


def _git(root: Path, *arguments: str, empty: bool = False) -> str:
    """git's answer. With `empty`, a failure without words counts as an empty answer."""
    asked = f"`git {arguments[0]}` in {root}"
    try:
        run = subprocess.run(
            ["git", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C"},  # REMEDIES knows git's English words only
        )
    except FileNotFoundError as error:
        raise MlopsError(
            f"{root} is in a git repository, and there is no git to say which of its files are tracked.",
            "Install git.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise MlopsError(
            f"{asked} gave no answer in {TIME_LIMIT_SECONDS} s.", "Run it by hand and see what it waits for."
        ) from error
    if run.returncode == 0:
        return run.stdout.rstrip("\n")
    if empty and not run.stderr:
        return ""
    words = [line for line in run.stderr.splitlines() if line.strip()]
    known = (advice for said, advice in REMEDIES.items() if said in run.stderr)
    raise MlopsError(
        f"{asked} failed, so it is not known which files may leave this machine.",
        next(known, "Correct what its words name.").format(root=root.resolve()),
        words,
    )
