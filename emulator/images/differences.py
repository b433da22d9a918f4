"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "A built image is a directory tree: no isolation of files, network or user, and no system packages.",
    "Digests are of the content, and are not those of a container engine.",
    "The base image stands for the Python of this machine.",
    "COPY --from takes files of the Dockerfile's own stages, not of other images.",
)
