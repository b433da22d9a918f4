"""The name that a release bears where it runs."""

import re

from ml.errors import MlopsError

_REVISION = re.compile(r"rev-[0-9a-f]{16}")


def revision_of(release_id: str) -> str:
    """The name that Deployment, Service, autoscaler, budget and the gateway's backend bear."""
    return f"rev-{release_id.removeprefix('r-')}"


def is_revision(name: str) -> bool:
    """Whether a backend's name is that of a revision, and not of the pool or of who answers nothing."""
    return _REVISION.fullmatch(name) is not None


def release_of(revision: str) -> str:
    """The release that a revision runs. Raises MlopsError for what is no revision's name."""
    if not is_revision(revision):
        raise MlopsError(
            f"{revision!r} is no revision of production.",
            "Give rev- and the 16 digits of its release, as `mlops status` shows it.",
        )
    return f"r-{revision.removeprefix('rev-')}"
