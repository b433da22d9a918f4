"""The options that these commands have in common."""

from typing import Annotated

import typer

Database = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help="As sqlite:///PATH, or postgresql://USER@HOST/DATABASE.",
        show_default="the estate's server",
    ),
]
