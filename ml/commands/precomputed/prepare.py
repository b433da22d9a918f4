"""`mlops precomputed prepare`: the roles and tables of the estate's database."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ml.commands.precomputed.options import Database
from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    database: Database = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Make the database, its tables and the roles of the estate's identities, as its administrator.

    Once is enough. What is there stays, so it may run again.
    """
    run(env, as_json, quiet, lambda azure, root: prepare(azure, root, database), render)


def prepare(azure: "Azure", root: Path, database: str | None) -> dict[str, Any]:
    from ml.errors import MlopsError
    from ml.precomputed.place import address_of, members_of
    from ml.precomputed.schema import prepare as make
    from scoring.precomputed.address import File
    from scoring.precomputed.server import by_credential

    address, members = address_of(azure.estate, database, os.environ), members_of(azure.estate)
    if isinstance(address, File):
        raise MlopsError("A file of SQLite needs no preparation.", "Run `mlops precomputed load`.")
    with azure.report.phase(f"preparing {address.words}"):
        made = make(address, by_credential(lambda: azure.credential), members)
    return {
        "environment": azure.estate.environment,
        "database": address.words,
        "made_roles": made,
        "members": {one.role: one.group for one in members},
    }


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts(
        f"Ready: {answer['database']}",
        {
            "roles that were made": ", ".join(answer["made_roles"]) or "none: all were there",
            **{role: f"a member of {group}" for role, group in answer["members"].items()},
        },
    )
