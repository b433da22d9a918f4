"""Errors of production's commands that are handled, not only shown."""

from ml.errors import MlopsError, Overtaken, overtaken

__all__ = ["Overtaken", "WentBack", "overtaken"]


class WentBack(MlopsError):
    """The release was not taken over: traffic is where it was before."""
