"""`mlops features …`: feature tables: build, look at, check, and join them to a training set."""

from collections.abc import Callable

from ml.commands.features import build, check, join, show

COMMANDS: dict[str, Callable[..., None]] = {
    "build": build.command,
    "show": show.command,
    "check": check.command,
    "join": join.command,
}
HELP = "Feature tables: bring them up to date, look at them, check them, join them to a training set."
