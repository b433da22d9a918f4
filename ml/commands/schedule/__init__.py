"""`mlops schedule …`: commands that Azure ML starts by the clock, as jobs on the estate's cluster."""

from collections.abc import Callable

from ml.commands.schedule import apply, remove, run_, show

COMMANDS: dict[str, Callable[..., None]] = {
    "show": show.command,
    "apply": apply.command,
    "run": run_.command,
    "remove": remove.command,
}
HELP = "Commands that the clock starts, as jobs on the cluster: see, make, start now, remove their schedules."
