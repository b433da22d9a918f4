"""The options that several commands have, each with its words once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ml.settings import Settings
    from ml.sources.address import Address

Environment = Annotated[
    str, typer.Option("--env", "-e", metavar="STACK", help="The environment: a Pulumi stack, e.g. stage.")
]
Release = Annotated[
    str, typer.Argument(metavar="RELEASE", help="The release, as r-0123456789abcdef: `mlops release list`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Wait = Annotated[bool, typer.Option(help="Follow the job to its end, or return once it is submitted.")]
Force = Annotated[
    bool, typer.Option("--force", help="Run again although a job of the same content succeeded.")
]
Rebuild = Annotated[
    bool,
    typer.Option(
        "--rebuild",
        help="Build the image again, and send the code of a job again: use it when what was made of the same "
        "content is gone.",
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help="The data set, parquet or csv: a path, s3://, https:// or abfss:// (Azure storage), "
        "azureml://datastores/… or azureml:NAME:VERSION.",
        show_default="data.path in ml/settings.toml",
    ),
]
Model = Annotated[
    str,
    typer.Option(metavar="NAME:VERSION", help="The registered model; `latest` is its latest version."),
]
Rows = Annotated[
    Path | None, typer.Option(help="Rows, parquet or csv.", show_default="data.path in ml/settings.toml")
]


def address(given: str | None, settings: "Settings", root: Path) -> "Address":
    """Where the data set is. Raises MlopsError when what was given is no address."""
    from ml.sources.address import LocalFile, parse

    return LocalFile(root / settings.data.path) if given is None else parse(given)


def rows(given: Path | None, settings: "Settings", root: Path) -> Path:
    """The file of rows. The default is relative to the checkout, a given one to the current directory."""
    return root / settings.data.path if given is None else given
