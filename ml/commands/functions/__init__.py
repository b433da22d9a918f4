"""`mlops functions …`: the scoring service as a function app."""

from collections.abc import Callable

from ml.commands.functions import deploy, model

COMMANDS: dict[str, Callable[..., None]] = {"deploy": deploy.command, "model": model.command}
HELP = "The function app that scores: put a release there, and bring a release's model to where it is put."
