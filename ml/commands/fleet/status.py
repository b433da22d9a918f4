"""`mlops fleet status`: the versions of a fleet, what became of them, and who falls back."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.commands.fleet.train import fallen
from ml.terminal import options
from ml.terminal.console import table
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

Name = Annotated[str, typer.Argument(metavar="NAME", help="The fleet, as in its declaration.")]


def command(
    name: Name,
    env: options.Environment,
    members: Annotated[
        bool, typer.Option("--members", help="Also each member of the newest version; downloads its models.")
    ] = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """The registered versions of a fleet: members, who falls back, what was changed, the release of each."""

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        return status(azure, name, members)

    run(env, as_json, quiet, work, render)


def status(azure: "Azure", name: str, members: bool) -> dict[str, Any]:
    from ml.fleet import versions

    environment = azure.estate.environment
    found = versions.listed(azure, name)
    answer: dict[str, Any] = {
        "environment": environment,
        "fleet": name,
        "versions": [
            {
                "version": one.version,
                "release": one.tags.get(f"release-{environment}"),
                "tags": dict(one.tags),
            }
            for one in found
        ],
    }
    if members and found:
        with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
            version = versions.download(azure, name, found[0].version, Path(scratch))
        answer["members"] = {key: one.to_json() for key, one in version.fleet.members.items()}
        answer["lineage"] = dict(version.fleet.lineage)
    return answer


def render(answer: Mapping[str, Any]) -> RenderableType:
    name = answer["fleet"]
    if not answer["versions"]:
        train = f"mlops fleet train fleets/NAME.toml --env {answer['environment']}"
        return f"No fleet {name} is registered in {answer['environment']}. `{train}` makes the first version."
    made = table(f"Versions of {name}", "version", "members", "fall back", "changed", "release")
    for one in answer["versions"]:
        tags: Mapping[str, str] = one["tags"]
        cells = (tags.get("members", "-"), tags.get("fall_back", "-"), tags.get("changed", "-"))
        made.add_row(one["version"], *map(escape, cells), one["release"] or "-")
    parts: list[RenderableType] = [made]
    if "members" in answer:
        reasons = {key: one["reason"] for key, one in answer["members"].items() if one["reason"]}
        parts += fallen(reasons, [])
    return Group(*parts)
