"""`mlops trigger …`: what starts trainings by itself: its state, its switch, its log, its code."""

from collections.abc import Callable

from ml.commands.trigger import deploy, log, pause, resume, status

COMMANDS: dict[str, Callable[..., None]] = {
    "status": status.command,
    "log": log.command,
    "pause": pause.command,
    "resume": resume.command,
    "deploy": deploy.command,
}
HELP = "Trainings that start by themselves: what started which, what was refused and why; pause them all."
