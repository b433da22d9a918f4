"""`mlops edge`: what the image of a release for a device is built from."""

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
    env: options.Environment,
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder that is made for it.")],
    release: Annotated[
        str | None,
        typer.Argument(metavar="RELEASE", help="Whose model it holds.", show_default="the newest one"),
    ] = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the build context of a small image that scores on a device, with a release's model.

    Any container engine builds it: Python, machine code and model, without shell, installer, libraries of
    Azure or ONNX Runtime.
    """
    with honest(as_json):
        preflight.check_settings()
        if release is not None:
            preflight.check_release(release)

    def make(azure: "Azure", root: Path) -> dict[str, Any]:
        return edge(azure, root, release, to)

    run(env, as_json, quiet, make, render)


def edge(azure: "Azure", root: Path, release: str | None, to: Path) -> dict[str, Any]:
    from ml import output
    from ml.batch.released import downloaded
    from ml.deploy.image import EDGE, scoring_context

    output.check_folder("--to", to)
    with azure.report.phase("model"), downloaded(azure, release) as (record, folder):
        context = scoring_context(root, folder, EDGE)
        made_of = record.release
    with output.folder("--to", to) as written:
        for name, content in context.files.items():
            path = written / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return {
        "environment": azure.estate.environment,
        "release": made_of.id,
        "model": f"{made_of.model_name}:{made_of.model_version}",
        "digest": context.model.digest,
        "context": str(to),
        "sha256": context.sha256,
        "tag": f"scoring-edge:{made_of.model_version}-{context.short}",
    }


def render(answer: Mapping[str, Any]) -> RenderableType:
    """Where the context is, and how it is built and run."""
    return facts(
        f"Edge image of {answer['release']}",
        {
            "model": f"{answer['model']}, {answer['digest']}",
            "context": f"{answer['context']}, SHA-256 {answer['sha256']}",
            "build": f"podman build --tag {answer['tag']} {answer['context']}",
            "run": f"podman run --read-only --publish 8080:8080 --env API_KEY_SHA256=… {answer['tag']}",
        },
    )
