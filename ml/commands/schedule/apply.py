"""`mlops schedule apply`: the schedules that the settings switch on."""

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
    """Make the schedules that `scheduled` of ml/settings.toml switches on, and remove the others.

    Their jobs run this checkout's code in the training environment, under the training identity. A batch is
    scored with the release that is the newest one now: apply again after the next.
    """

    chosen = shown.chosen(names, as_json)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.scheduled import schedules

        return shown.told(env, schedules.apply(azure, root, chosen))

    run(env, as_json, quiet, work, shown.render)
