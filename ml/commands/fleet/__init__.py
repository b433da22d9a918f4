"""`mlops fleet …`: many models of one declaration, trained, looked at and released as one."""

from collections.abc import Callable

from ml.commands.fleet import release, status, train

COMMANDS: dict[str, Callable[..., None]] = {
    "train": train.command,
    "status": status.command,
    "release": release.command,
}
HELP = "Fleets: many models of one declaration (docs/fleets.md), trained, looked at and released as one."
