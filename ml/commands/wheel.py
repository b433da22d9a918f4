"""`mlops wheel`: a release's model as a Python package."""

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
    release: Annotated[
        str | None,
        typer.Argument(metavar="RELEASE", help="Whose model it holds.", show_default="the newest one"),
    ] = None,
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder that it is written into.")] = Path(),
    machine_code: Annotated[
        bool,
        typer.Option(
            "--machine-code",
            help="Write the wheel scoring-kernel for this machine's kind of processor, too: with it the "
            "answers are the service's to the last bit, and faster. It takes a C compiler.",
        ),
    ] = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a release's model as a wheel: the model, and the code that evaluates it, without a server.

    `from MODEL import score` answers as the scoring service does. The same release and code give the same
    bytes.
    """
    with honest(as_json):
        preflight.check_settings()
        if release is not None:
            preflight.check_release(release)

    def make(azure: "Azure", root: Path) -> dict[str, Any]:
        return wheel(azure, root, release, to, machine_code)

    run(env, as_json, quiet, make, render)


def wheel(azure: "Azure", root: Path, release: str | None, to: Path, machine_code: bool) -> dict[str, Any]:
    from ml import output
    from ml.batch.released import downloaded
    from ml.deploy.image import scoring_context
    from ml.wheel.build import Origin, build

    output.check_into("--to", to)
    report = azure.report
    with report.phase("model"), downloaded(azure, release) as (record, folder):
        made_of = record.release
        origin = Origin(made_of.model_name, made_of.model_version, made_of.id)
        built = build(root, folder, origin)
        same = scoring_context(root, folder).sha256 == record.evidence.context_sha256
    if not same:
        report.warn(
            f"the code of this checkout is not that of the image of {made_of.id}: the wheel has this one"
        )
    files = [built.write(to)]
    if machine_code:
        with report.phase("machine code"):
            files.append(kernel(to))
    return {
        "environment": azure.estate.environment,
        "release": made_of.id,
        "model": f"{made_of.model_name}:{made_of.model_version}",
        "package": origin.package,
        "version": origin.version,
        "files": [str(file) for file in files],
        "sha256": built.sha256,
        "bytes": len(built.content),
        "code_of_the_image": same,
    }


def kernel(to: Path) -> Path:
    """The wheel of the machine code for this machine. Raises MlopsError where it cannot be compiled."""
    from ml.errors import MlopsError
    from scoring.kernel import build

    try:
        return build.wheel(to)
    except build.BuildError as error:
        raise MlopsError(
            f"The machine code cannot be compiled here: {error}", "Leave out --machine-code, or install `cc`."
        ) from error


def render(answer: Mapping[str, Any]) -> RenderableType:
    """What was written, and how it is installed and used."""
    return facts(
        f"{answer['package']} {answer['version']}",
        {
            "model": f"{answer['model']} of {answer['release']}",
            "files": "\n".join(answer["files"]),
            "size": f"{answer['bytes'] / 1024:,.0f} KiB",
            "SHA-256": answer["sha256"],
            "install": f"pip install {' '.join(answer['files'])}",
            "use": f"from {answer['package']} import score",
        },
    )
