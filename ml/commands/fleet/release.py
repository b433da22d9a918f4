"""`mlops fleet release`: the image of a fleet is built once, and the release recorded; or of it with a member
of another version."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.errors import MlopsError
from ml.terminal import options, preflight
from ml.terminal.console import facts
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    fleet: Annotated[
        str, typer.Argument(metavar="NAME[:VERSION]", help="The fleet; without a version its newest one.")
    ],
    env: options.Environment,
    member: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VERSION",
            help="Release it with this member as in another version, forward or back; may be repeated.",
        ),
    ] = None,
    rebuild: options.Rebuild = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Build a fleet's image once and record the release; `mlops deploy --model NAME:VERSION` deploys it.

    Its record has the digest of the fleet and of each member. It is tested, approved, promoted and rolled
    back like every release, as one. With --member, a new version is registered first, which differs in these
    members alone and says from where it has them.
    """
    with honest(as_json):
        from ml.fleet.compose import parse

        preflight.check_settings()
        preflight.check_variables()
        changes = dict(parse(text) for text in member or ())

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        return release(azure, root, fleet, changes, rebuild)

    run(env, as_json, quiet, work, render)


def release(
    azure: "Azure", root: Path, reference: str, changes: Mapping[str, str], rebuild: bool
) -> dict[str, Any]:
    """changes: by member, the version of the fleet that it is taken from. Raises MlopsError."""
    from ml.deploy.prepare import create
    from ml.fleet import versions

    name, _, version = reference.partition(":")
    if not version:
        found = versions.listed(azure, name)
        if not found:
            raise MlopsError(
                f"No fleet {name} is registered in {azure.estate.workspace}.",
                "`mlops fleet train FILE` makes its first version.",
            )
        version = found[0].version
    if changes:
        with azure.report.phase(f"composing {name}:{version} with {', '.join(changes)}"):
            version = composed(azure, name, version, changes)
            azure.report.line(f"{name}:{version}")
    return {"fleet": f"{name}:{version}", **create(azure, root, f"{name}:{version}", rebuild)}


def composed(azure: "Azure", name: str, version: str, changes: Mapping[str, str]) -> str:
    """Register the fleet with these members changed; its version."""
    from ml.fleet import versions
    from ml.fleet.compose import compose
    from ml.fleet.registered import card_of, registered
    from ml.steps.files import read_json

    with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
        place = Path(scratch)
        wanted = dict.fromkeys([version, *changes.values()])
        there = {one: versions.download(azure, name, one, place) for one in wanted}
        target = place / "fleet"
        made = compose(there[version], {key: there[source] for key, source in changes.items()}, target)
        # The pooled model is the base's. Where that is from before its card had this name, nothing is known.
        card = card_of(target, None)
        metrics = read_json(card)["metrics"] if card.exists() else {}
        return registered(versions.Workspace(azure), made, target, metrics).version


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts(
        "Recorded" if answer["recorded"] else "Recorded before",
        {
            "release": answer["release"],
            "fleet": answer["fleet"],
            "image": f"{answer['digest']} ({'built now' if answer['built'] else 'built before'})",
        },
    )
