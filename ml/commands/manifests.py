"""`mlops manifests`: what promoting a release would give to Kubernetes, to be read beforehand."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from ml.terminal import options, preflight
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

Release = Annotated[str, typer.Argument(metavar="RELEASE", help="As in r-0123456789abcdef.")]
Check = Annotated[
    bool,
    typer.Option("--check", help="Ask the cluster whether it would take them (a dry run on the server)."),
]


def command(
    release: Release,
    env: options.Environment,
    check: Check = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """The Kubernetes manifests of a release, as YAML. Changes nothing.

    They hold no secret: what the service must not show it reads from Key Vault by its own identity.
    """
    with honest(as_json):
        preflight.check_release(release)
    run(env, as_json, quiet, lambda azure, root: rendered(azure, root, release, check), render)


def rendered(azure: "Azure", root: Path, release: str, check: bool) -> dict[str, Any]:
    from ml.production import manifests
    from ml.production.assembly import Production
    from ml.production.cluster import Cluster

    values = Production(azure, root).plan(release).values
    if check:
        with azure.report.phase("asking the cluster whether it would take them"):
            Cluster.of(azure, root).dry_run(values)
    found = manifests.render(values, root)
    return {"release": release, "revision": values.revision, "checked": check, "manifests": found}


def render(answer: Mapping[str, Any]) -> RenderableType:
    from ml.production.manifests import as_yaml

    # As plain text: its brackets are no markup.
    return Text(as_yaml(answer["manifests"]).rstrip())
