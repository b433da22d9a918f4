"""The code that a pipeline job runs: the packages ml/ and scoring/ as they are tracked by git."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from ml.content import sha256_of_files
from ml.errors import MlopsError

PACKAGES = ("ml", "scoring")
CACHES = frozenset({"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".ruff_cache"})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`commit` is git's, with `-dirty` when the files differ from it, or `content-<sha256>` outside git."""

    files: dict[str, bytes]
    sha256: str
    commit: str
    untracked: tuple[str, ...] = ()

    def write(self, directory: Path) -> Path:
        """Write the files beneath the directory, which is then the `code` of the components."""
        for path, content in self.files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return directory


def _git(root: Path, *arguments: str) -> str | None:
    """git's answer, or None outside a git checkout and where there is no git."""
    try:
        run = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, timeout=30, check=False
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return run.stdout if run.returncode == 0 else None


def _is_checkout(root: Path) -> bool:
    """Whether root is the top of a checkout: a copy of the files inside some other repository is not."""
    top = _git(root, "rev-parse", "--show-toplevel")
    return top is not None and Path(top.strip()).resolve() == root.resolve()


def _walk(root: Path, packages: tuple[str, ...]) -> list[str]:
    return [
        path.relative_to(root).as_posix()
        for package in packages
        for path in sorted((root / package).rglob("*"))
        if path.is_file() and not CACHES.intersection(path.parts) and path.suffix != ".pyc"
    ]


def package_files(root: Path, packages: tuple[str, ...] = PACKAGES) -> dict[str, bytes]:
    """The tracked files of the packages (every file that is no cache outside git), by relative path.

    Raises MlopsError when a package is missing.
    """
    listed = _git(root, "ls-files", "-z", "--", *packages) if _is_checkout(root) else None
    names = [name for name in listed.split("\0") if name] if listed else _walk(root, packages)
    files = {name: (root / name).read_bytes() for name in sorted(names) if (root / name).is_file()}
    missing = [package for package in packages if not any(name.startswith(f"{package}/") for name in files)]
    if missing:
        raise MlopsError(
            f"No code was found for {', '.join(missing)} in {root}.",
            "Run mlops from a complete checkout, and `git add` new files.",
        )
    return files


def take(root: Path, packages: tuple[str, ...] = PACKAGES) -> Snapshot:
    files = package_files(root, packages)
    digest = sha256_of_files(files)
    if not _is_checkout(root):
        return Snapshot(files, digest, f"content-{digest[:40]}")
    head = (_git(root, "rev-parse", "HEAD") or "").strip() or f"content-{digest[:40]}"
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", *packages)
    others = _git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", *packages) or ""
    untracked = tuple(name for name in others.split("\0") if name)
    return Snapshot(files, digest, head + ("-dirty" if changed else ""), untracked)
