"""`mlops schedule run`: what the clock starts, started now."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType

from ml.commands.fleet.train import fallen
from ml.commands.schedule import shown
from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What is started, as `mlops schedule show` has it.")
    ],
    wait: options.Wait = True,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Start the job of a schedule now, and follow it to its end; exit code 1 when it fails, or members of a
    fleet do, though the fleet is registered."""
    failed: list[str] = []
    (row,) = shown.chosen([name], as_json)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from dataclasses import replace

        from ml.jobs.submission import BY_HAND
        from ml.scheduled import job, schedules

        made = replace(schedules.job_of(azure, root, row), reason=BY_HAND)
        answer = job.carry_out(azure, made, wait=wait)
        failed.extend(_failed_members(answer))
        return {"environment": env, **answer}

    run(env, as_json, quiet, work, render)
    if failed:
        raise typer.Exit(1)


def _failed_members(answer: Mapping[str, Any]) -> list[str]:
    return list(answer["failed"]) if "fallbacks" in answer else []


def render(answer: Mapping[str, Any]) -> RenderableType:
    simple = {
        key: value for key, value in answer.items() if isinstance(value, str | int | float) or value is None
    }
    told = facts(f"Job {answer['job']}", simple)
    return Group(told, *fallen(answer.get("fallbacks", {}), _failed_members(answer)))
