"""`mlops functions model`: a release's model as a folder, to be put where it is not registered."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.terminal import options, preflight
from ml.terminal.console import facts
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    release: options.Release,
    env: options.Environment,
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder that is made for it.")],
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a release's model into a folder, for `mlops functions deploy --model` of another environment."""
    with honest(as_json):
        preflight.check_settings()
        preflight.check_release(release)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        return write(azure, release, to)

    run(env, as_json, quiet, work, render)


def write(azure: "Azure", release: str, to: Path) -> dict[str, Any]:
    """The files of the artifact alone. Raises MlopsError where the folder is there already."""
    from ml import output
    from ml.batch.released import downloaded
    from scoring.model.artifact import FILES

    output.check_folder("--to", to)
    with azure.report.phase("model"), downloaded(azure, release) as (record, folder):
        files = {name: (folder / name).read_bytes() for name in FILES}
        with output.folder("--to", to) as written:
            for name, content in files.items():
                (written / name).write_bytes(content)
    return {"release": release, "digest": record.evidence.artifact_digest, "folder": str(to)}


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts(f"Model of {answer['release']}", {"digest": answer["digest"], "folder": answer["folder"]})
