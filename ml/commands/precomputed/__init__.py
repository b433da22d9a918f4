"""`mlops precomputed …`: predictions by key: made ready, loaded, looked at, gone back from, erased."""

from collections.abc import Callable

from ml.commands.precomputed import back, erase, load, prepare, show

COMMANDS: dict[str, Callable[..., None]] = {
    "prepare": prepare.command,
    "load": load.command,
    "show": show.command,
    "back": back.command,
    "erase": erase.command,
}
HELP = "Predictions by key: load a batch run into the database, see what is there, go back to the run before."
