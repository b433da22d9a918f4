"""`mlops fleet status`: the versions of a fleet, what became of them, who falls back, who failed."""

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
    """The registered versions of a fleet: members, who falls back, whose training failed, what was changed,
    the release of each.

    A fleet is registered though single members failed; of a training by a schedule nobody sees the exit code.
    Versions from before this was kept have "-".
    """

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
                "failed": failed_of(one.tags, one.properties),
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
    made = table(f"Versions of {name}", "version", "members", "fall back", "failed", "changed", "release")
    for one in answer["versions"]:
        tags: Mapping[str, str] = one["tags"]
        failed = "-" if one["failed"] is None else str(one["failed"]["count"])
        made.add_row(
            one["version"],
            *(escape(tags.get(tag, "-")) for tag in ("members", "fall_back")),
            f"[bold red]{failed}[/]" if failed.isdigit() and int(failed) else failed,
            escape(tags.get("changed", "-")),
            one["release"] or "-",
        )
    parts: list[RenderableType] = [made]
    newest = answer["versions"][0]
    if newest["failed"] and newest["failed"]["count"]:
        why = "" if "members" in answer else "; --members says why"
        which = escape(newest["failed"]["members"])
        parts.append(f"[red]failed[/] in version {newest['version']}: {which}{why}")
    if "members" in answer:
        members = answer["members"]
        reasons = {key: one["reason"] for key, one in members.items() if one["reason"]}
        parts += fallen(reasons, [key for key, one in members.items() if one["failed"]])
    return Group(*parts)


def failed_of(tags: Mapping[str, str], properties: Mapping[str, str]) -> dict[str, Any] | None:
    """How many members failed, and which, cut where they are very many; None: it was not kept."""
    from ml.fleet.registered import FAILED

    if FAILED not in tags:
        return None
    return {"count": int(tags[FAILED]), "members": properties.get(FAILED, "")}
