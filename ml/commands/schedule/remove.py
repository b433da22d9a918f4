"""`mlops schedule remove`: nothing is started by the clock any more."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.commands.schedule import shown
from ml.terminal import options
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    names: shown.Names = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Remove schedules from the workspace. Jobs that they have started go on."""

    chosen = shown.chosen(names, as_json)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.scheduled import schedules

        return shown.told(env, schedules.remove(azure, chosen))

    run(env, as_json, quiet, work, shown.render)
