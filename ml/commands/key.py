"""`mlops key`: the scoring service's key in an environment, before anything there needs it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(env: options.Environment, as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:
    """Make the service's key in the environment's Key Vault, where there is none; it is never shown.

    Where there is a gateway, it is told to send this key. `mlops deploy` does both as well. Production needs
    it before the first release: whoever promotes may read the key, and not make it.
    """
    run(env, as_json, quiet, key, render)


def key(azure: "Azure", root: Path) -> dict[str, Any]:
    """Name and place of the key, and whether it was made now."""
    from ml.deploy import api_key, ways
    from ml.gateway import backend_key

    name = azure.settings.scoring.api_key_secret
    with azure.report.phase(f"the secret {name}"):
        known = api_key.read(azure)
        if not known:
            api_key.ensure(azure)
    if ways.has_gateway(azure):
        with azure.report.phase(f"the gateway {azure.estate.gateway}"):
            backend_key.point(azure)
    return {
        "environment": azure.estate.environment,
        "vault": azure.estate.key_vault,
        "secret": name,
        "made": not known,
    }


def render(answer: Mapping[str, Any]) -> RenderableType:
    told = "made now" if answer["made"] else "was there"
    return facts("Callers' key", {"vault": answer["vault"], "secret": answer["secret"], "key": told})
