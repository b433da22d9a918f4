"""Errors of production's commands that are handled, not only shown."""

from ml.errors import MlopsError


class Overtaken(MlopsError):
    """Somebody else changed what this command works on; it has stopped, and changed nothing more."""


def overtaken(what: str) -> Overtaken:
    return Overtaken(
        f"Somebody else changed {what} in the meantime.",
        "Look at `mlops status`; run the command again if it is still wanted.",
    )


class WentBack(MlopsError):
    """The release was not taken over: traffic is where it was before."""
