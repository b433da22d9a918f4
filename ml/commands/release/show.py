"""`mlops release show`: one release, its evidence and its approvals."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.markup import escape

from ml.commands.release.test import checks_of
from ml.terminal import options, preflight
from ml.terminal.console import facts, table
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    release: options.Release,
    env: options.Environment,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """One release: what it is, what was found out about it, who approved it."""
    with honest(as_json):
        preflight.check_release(release)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from infra.environments import environments
        from ml.release.lineage import lineage

        return lineage(azure, release, environments(root))

    run(env, as_json, quiet, work, render, stored=True)


def render(answer: Mapping[str, Any]) -> RenderableType:
    made = answer["record"]["release"]
    configuration = made["configuration"]
    parts: list[RenderableType] = [
        facts(
            "Release",
            {
                "release": answer["release"],
                "model": f"{made['model_name']}:{made['model_version']}",
                "image": made["image_digest"],
                "cpu, memory": f"{configuration['cpu']:g}, {configuration['memory_gb']:g} GB",
                **configuration["variables"],
                "recorded by": answer["recorded_by"] or "unknown",
            },
        )
    ]
    if answer["evidence"]:
        parts.append(checks_of(answer["evidence"], f"Evidence {answer['evidence_digest']}"))
    if answer["approvals"]:
        given = table("Approvals", "for", "by", "reason", "until", "holds")
        for one in answer["approvals"]:
            held = one["holds"] or "yes"
            cells = (one["environment"], one["approver"], one["reason"], one["expires_at"], held)
            given.add_row(*map(escape, cells))
        parts.append(given)
    return Group(*parts)
