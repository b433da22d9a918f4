"""Image references: ``[registry/]repository[:tag][@digest]``, and which public bases stand for Python."""

import re
from dataclasses import dataclass

DOCKER_HUB = "docker.io"
# Where Docker publishes its official images: registry -> what stands before their names.
OFFICIAL = {DOCKER_HUB: "library", "public.ecr.aws": "docker/library"}
_NAME = re.compile(r"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$")
_TAG = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
# Tags of the official Python image: version, then a Debian variant. Others have another C library or system.
_PYTHON_TAG = re.compile(r"^(?P<minor>3\.\d+)(?:\.\d+)?(?:-slim)?(?:-(?:bullseye|bookworm|trixie))?$")


class BadReference(ValueError):
    """The text is not an image reference, or names a base that cannot be had here."""


@dataclass(frozen=True, slots=True)
class Reference:
    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.registry}/{self.repository}{tag}{'@' + self.digest if self.digest else ''}"

    @property
    def official_python(self) -> bool:
        return self.repository == f"{OFFICIAL.get(self.registry, '')}/python"


def parse(text: str) -> Reference:
    """The parts of a reference; a name without a registry is Docker Hub's, as everywhere."""
    name, _, digest = text.partition("@")
    if digest and not _DIGEST.match(digest):
        raise BadReference(f"image reference {text!r}: {digest!r} is not a sha256 digest")
    first, slash, rest = name.partition("/")
    registry = first if slash and ("." in first or ":" in first or first == "localhost") else ""
    path = rest if registry else name
    repository, colon, tag = path.partition(":")
    if not registry or registry.lower() in ("index.docker.io", "registry-1.docker.io"):
        registry = DOCKER_HUB
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    if not _NAME.match(repository) or (colon and not _TAG.match(tag)):
        raise BadReference(f"image reference {text!r} is not of the form registry/repository:tag@digest")
    return Reference(registry.lower(), repository, tag or ("" if digest else "latest"), digest)


def python_minor(reference: Reference) -> str:
    """ "3.11" of docker.io/library/python:3.11.9-slim-bookworm. Raises BadReference for other variants."""
    match = _PYTHON_TAG.match(reference.tag)
    if match is None:
        raise BadReference(
            f"base image {reference}: of the official Python images only the Debian ones can be had here"
            " (python:3.N, python:3.N-slim, python:3.N-slim-bookworm ...); name the tag, digest or not"
        )
    return match["minor"]
