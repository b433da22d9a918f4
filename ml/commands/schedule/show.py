"""`mlops schedule show`: what the clock starts, beside what the settings say."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.commands.schedule import shown
from ml.terminal import options
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(env: options.Environment, as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:
    """Show each schedule: whether it stands in the workspace, when it starts its job, and why."""

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.scheduled import schedules

        return shown.told(env, schedules.states(azure))

    run(env, as_json, quiet, work, shown.render)
