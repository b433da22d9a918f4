"""`mlops functions …`: the scoring service as a function app."""

from collections.abc import Callable

from ml.commands.functions import deploy, model, rollback

COMMANDS: dict[str, Callable[..., None]] = {
    "deploy": deploy.command,
    "model": model.command,
    "rollback": rollback.command,
}
HELP = "The function app that scores: put a release there, go back, and bring a model to where it is put."
