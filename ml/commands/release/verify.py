"""`mlops release verify`: an approval's signature, without any network."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from ml.errors import MlopsError
from ml.terminal import options
from ml.terminal.console import facts, show
from ml.terminal.failures import honest


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The record of an approval.")],
    key: Annotated[
        Path, typer.Option(metavar="PEM", help="The approvers' public key: `mlops release key` writes it.")
    ],
    as_json: options.AsJson = False,
) -> None:
    """Verify the signature of an approval, and show what was stated. Asks nobody.

    It shows that a member of the approvers' group signed; who it was, the blob's owner tells.
    """
    with honest(as_json):
        answer = verify(file, key)
        show(answer, as_json, lambda: render(answer))


def verify(file: Path, key: Path) -> dict[str, Any]:
    """The statement of a record that the key has signed. Raises MlopsError where it has not."""
    from ml.approval import envelope, statement

    public = envelope.public_key(_read(key, "--key"), str(key))
    stated = statement.read(envelope.verified(_read(file, "FILE"), public))
    return {
        "verified": True,
        **stated.predicate.model_dump(mode="json", by_alias=True),
        "digests": stated.digests,
    }


def _read(path: Path, option: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MlopsError(f"{option} {path}: {error.strerror}.", "Name a file that can be read.") from error


def render(answer: dict[str, Any]) -> RenderableType:
    rows = {name: value for name, value in answer.items() if name not in ("digests", "verified")}
    return facts("The signature is right", {**rows, **answer["digests"]})
