"""What the commands of feature tables share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.features.place import Features
    from ml.features.sources import Sources

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Feature tables.", show_default="all")
]
Tables = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help="The folder of the feature tables: a path, or abfss://.",
        show_default="features in the data lake's container tables",
    ),
]


def check_definitions(names: list[str]) -> None:
    """Refuse wrong definitions, and names that have none, before the stack is asked."""
    from ml.features.definition import chosen
    from ml.terminal import preflight

    preflight.check_settings()
    chosen(names)


def place(azure: "Azure", given: str | None) -> "Features":
    """Where the feature tables are."""
    from ml.features.place import Features, of_estate

    where = of_estate(azure.estate.environment, azure.estate.data_lake, given)
    return Features(where, azure.credential)


def sources(azure: "Azure", root: Path, given: dict[str, str]) -> "Sources":
    """Where transformations read from; what is neither here nor in a lake is fetched once."""
    from ml.features.sources import Sources
    from ml.sources.address import LocalFile, parse
    from ml.sources.obtain import obtain

    def fetch(said: str) -> Path:
        address = parse(said)
        return address.path if isinstance(address, LocalFile) else obtain(azure, address).path

    return Sources(root, azure.estate.data_lake, azure.credential, given, fetch)


def given_sources(said: list[str]) -> dict[str, str]:
    """DATA_SET=URI each. Raises MlopsError."""
    from ml.errors import MlopsError

    found: dict[str, str] = {}
    for each in said:
        name, equals, where = each.partition("=")
        if not equals or not name or not where:
            raise MlopsError(f"--source {each!r} names no place of a data set.", "Write DATA_SET=URI.")
        found[name] = where
    return found
