"""The code that is sent elsewhere: the files of ml/ and scoring/ that a program needs, all tracked by git."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from ml.content import sha256_of_files
from ml.errors import MlopsError
from ml.jobs import checkout
from ml.jobs.closure import PACKAGES, files_of

MOST_NAMED = 5
SCORING = ("scoring.__main__", "scoring.kernel.build")  # what runs, and what the image is built with
SENT_ANEW = "sent-anew.txt"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`commit` is git's, with `-dirty` when the files differ from it, or `content-<sha256>` without git."""

    files: dict[str, bytes]
    sha256: str
    commit: str

    def write(self, directory: Path, *, anew: bool = False) -> Path:
        """Write the files beneath the directory, which is then the `code` of the components.

        anew: with a file of random content beside them, so that Azure ML takes them for code that it does not
        have. Otherwise it never looks whether the blobs of code that it knows by its hash are still there.
        """
        for path, content in self.files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if anew:
            (directory / SENT_ANEW).write_text(secrets.token_hex(16), encoding="utf-8")
        return directory


def of_steps(root: Path, steps: tuple[str, ...], more: tuple[str, ...] = ()) -> Snapshot:
    """What these steps of the training pipeline need, with their component.yml. Raises MlopsError.

    more: packages of further steps, by their whole names
    """
    packages = (*(f"ml.steps.{step}" for step in steps), *more)
    return take(
        root,
        tuple(f"{package}.main" for package in packages),
        tuple(f"{package.replace('.', '/')}/component.yml" for package in packages),
    )


def of_scoring(root: Path) -> Snapshot:
    """What the image of the scoring service needs. Raises MlopsError."""
    return take(root, SCORING)


def take(
    root: Path, modules: tuple[str, ...], more: tuple[str, ...] = (), packages: tuple[str, ...] = PACKAGES
) -> Snapshot:
    """The snapshot of what the modules need of the packages, and of `more` files.

    Raises MlopsError when a file is missing or not tracked by git, or when git does not answer.
    """
    names = sorted({*files_of(root, modules, packages), *more})
    known = checkout.look(root, packages)
    if known is not None and (untracked := [name for name in names if name not in known.tracked]):
        shown = ", ".join(untracked[:MOST_NAMED]) + (" and more" if len(untracked) > MOST_NAMED else "")
        raise MlopsError(
            f"What is to run elsewhere needs {len(untracked)} file(s) that git does not track: {shown}.",
            "`git add` them, or take out what imports or reads them.",
        )
    files = {name: _content(root, name) for name in names}
    digest = sha256_of_files(files)
    if known is None or known.commit is None:
        return Snapshot(files, digest, f"content-{digest[:40]}")
    return Snapshot(files, digest, known.commit + ("-dirty" if known.changed(names) else ""))


def _content(root: Path, name: str) -> bytes:
    """The file's bytes; a link, of it or of a folder above it, is followed only within the checkout."""
    real = (root / name).resolve()
    if not real.is_relative_to(root.resolve()):
        raise MlopsError(
            f"{root / name} leads out of the checkout, to {real}: it is not sent to where the code runs.",
            "Put the file itself in its place; what git tracks there is the link alone.",
        )
    try:
        return (root / name).read_bytes()
    except OSError as error:
        raise MlopsError(
            f"{root / name} cannot be read: {error.strerror}.", "Restore the file from the repository."
        ) from error
