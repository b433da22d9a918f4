"""`mlops card`: the model card that was registered with a model version."""

import json
import os
import tempfile
import webbrowser
from pathlib import Path
from typing import Any

from ml.azure.clients import Azure, without_its_own_output
from ml.deploy.image import find_model
from ml.errors import MlopsError
from ml.steps.card import CARD, PAGE
from ml.steps.compare import override


def card(azure: Azure, reference: str, output: Path | None, browse: bool) -> dict[str, Any]:
    """The card of NAME:VERSION or `latest`; its page is written to `output`, and opened with `browse`.

    Without `output`, what is opened is a temporary file that stays. Raises MlopsError.
    """
    if output is not None:
        check_output(output)
    with azure.report.phase("reading the card"):
        model = find_model(azure, reference)
        name = f"{model.name}:{model.version}"
        content, page = _download(azure, str(model.name), str(model.version))
    place = output
    if place is None and browse:
        place = Path(tempfile.mkdtemp(prefix="mlops-")) / PAGE
    if place is not None:
        _write(place, page)
        azure.report.line(f"{place} ({len(page) / 1024:.0f} KiB)")
    if browse and place is not None and not webbrowser.open(place.resolve().as_uri()):
        azure.report.warn(f"no browser could be opened: open {place} yourself")
    return {
        "model": name,
        "page": str(place) if place else None,
        "override": (model.tags or {}).get(override.TAG),
        "card": content,
    }


def check_output(output: Path) -> None:
    """Raises MlopsError when the page cannot be written there: asked before anything is read."""
    try:
        os.lstat(output)
    except (FileNotFoundError, NotADirectoryError):
        pass  # what there must be is asked below
    except OSError as error:
        raise MlopsError(f"--output {output}: {error.strerror}.", "Name a file elsewhere.") from error
    directory = output.resolve().parent
    if output.is_dir():
        raise MlopsError(f"--output {output} is a directory.", f"Name a file in it, say {output / PAGE}.")
    if not directory.is_dir():
        raise MlopsError(
            f"--output {output}: there is no directory {directory}.", "Make it, or name a file elsewhere."
        )
    if not os.access(directory, os.W_OK):
        raise MlopsError(
            f"--output {output}: the directory {directory} cannot be written to.", "Name a file elsewhere."
        )


def _write(place: Path, page: bytes) -> None:
    aside = place.with_name(f".mlops-{os.getpid()}.part")  # not of its name: that may be the longest there is
    try:
        aside.write_bytes(page)
        aside.replace(place)
    except OSError as error:
        raise MlopsError(
            f"--output {place} cannot be written: {error.strerror}.", "Name a file elsewhere."
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def _download(azure: Azure, name: str, version: str) -> tuple[dict[str, Any], bytes]:
    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:

        def download() -> None:
            with without_its_own_output():
                azure.ml.models.download(name, version, download_path=scratch)

        azure.granted(download, "download the model")
        found = sorted(Path(scratch).rglob(CARD))
        if len(found) != 1 or not found[0].with_name(PAGE).is_file():
            raise MlopsError(
                f"{name}:{version} was registered without a card.",
                "Name a version that was trained with this code, or train again.",
            )
        return json.loads(found[0].read_text(encoding="utf-8")), found[0].with_name(PAGE).read_bytes()
