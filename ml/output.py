"""What a command leaves at a place that its caller names: there as a whole, or not at all.

Each function takes the option that names the place, as it is said in errors. Whether the place can be written
is asked twice: before the work begins, so that nobody waits for an answer that has no place, and by writing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ml.errors import MlopsError


def check_file(option: str, place: Path) -> None:
    """Raises MlopsError where no file can be written; one that is there may be replaced.

    Nothing else may: a device, say, would be a file from then on, for whoever may write to /dev.
    """
    try:
        os.lstat(place)
    except (FileNotFoundError, NotADirectoryError):
        pass  # the file need not exist; its directory is looked at below
    except OSError as error:
        raise MlopsError(f"{option} {place}: {error.strerror}.", "Name a file elsewhere.") from error
    directory = place.resolve().parent
    if place.is_dir():
        raise MlopsError(f"{option} {place} is a directory.", "Name a file in it.")
    if place.exists() and not place.is_file():
        raise MlopsError(f"{option} {place} is no file that can be replaced.", "Name a file.")
    if not directory.is_dir():
        raise MlopsError(
            f"{option} {place}: there is no directory {directory}.", "Make it, or name a file elsewhere."
        )
    _may_write(option, place, directory)


def check_folder(option: str, place: Path) -> None:
    """Raises MlopsError where no new folder can be made. Folders above it are made with it."""
    if os.path.lexists(place):
        raise MlopsError(
            f"{option} {place} is there already.", "Name a folder that is not, or remove this one."
        )
    check_into(option, place)


def check_into(option: str, place: Path) -> None:
    """Raises MlopsError where no files can be put into a folder, whether it is there or is to be made."""
    whole = place.absolute()
    there = next(folder for folder in (whole, *whole.parents) if os.path.lexists(folder))
    if not there.is_dir():
        raise MlopsError(f"{option} {place}: {there} is no directory.", "Name a folder elsewhere.")
    _may_write(option, place, there)


def make_folder(option: str, place: Path) -> None:
    """Make the folder that files are written into, where there is none. Raises MlopsError."""
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot(option, place, error) from error


def write(option: str, place: Path, content: bytes) -> None:
    """Write a file; whoever reads it meanwhile, or after a failure, finds the one before as a whole.

    Behind a link it is the file that the link names, and the link stays.
    """
    place = place.resolve()
    aside = place.with_name(f".mlops-{os.getpid()}.part")  # its own name may leave no room
    try:
        aside.write_bytes(content)
        aside.replace(place)
    except OSError as error:
        raise _cannot(option, place, error) from error
    finally:
        aside.unlink(missing_ok=True)


def check_page(option: str, place: Path) -> None:
    """Raises MlopsError where a page and its data, which are put beside it as .json, cannot be written."""
    check_file(option, place)
    if place.suffix == ".json":
        raise MlopsError(
            f"{option} {place} is the name of the page's data.", "Name the page, such as page.html."
        )
    check_file(option, place.with_suffix(".json"))


def write_page(option: str, place: Path, page: str, data: str) -> None:
    """Write a page, and its data beside it first: who sees the page finds the data."""
    write(option, place.with_suffix(".json"), data.encode())
    write(option, place, page.encode())


@contextmanager
def folder(option: str, place: Path) -> Generator[Path]:
    """A folder to write into, which stands at its place once the block has ended well.

    Files' errors of the block are said of the place: what else reads files belongs in front of it.
    """
    check_folder(option, place)
    aside = place.with_name(f".mlops-{os.getpid()}.part")
    try:
        try:
            aside.mkdir(parents=True)
            yield aside
            aside.replace(place)
        except OSError as error:
            raise _cannot(option, place, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _may_write(option: str, place: Path, directory: Path) -> None:
    if not os.access(directory, os.W_OK | os.X_OK):
        raise MlopsError(
            f"{option} {place}: the directory {directory} cannot be written to.", "Name a place elsewhere."
        )


def _cannot(option: str, place: Path, error: OSError) -> MlopsError:
    return MlopsError(f"{option} {place} cannot be written: {error.strerror}.", "Name a place elsewhere.")
