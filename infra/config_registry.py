"""Settings of the container registry, its build agents and the base of its images."""

from typing import Final, Literal

from pydantic import Field, field_validator

from infra.config_types import refuse
from infra.section import Section

BASES: Final = "base"
"""The first part of the repositories that the registry keeps copies of base images in."""


class BuildAgents(Section):
    """Machines in the network that build images. tier: S1 has 2 cores, S2 4, S3 8, I6 64 on its own."""

    tier: Literal["S1", "S2", "S3", "I6"] = "S1"
    count: int = Field(default=1, ge=1, le=20)


class BaseImage(Section):
    """What every image is built on: fetched through the registry, and named by its digest.

    repository: with its registry, as public.ecr.aws/docker/library/python, where Docker publishes its
    official images as well. tag: for readers; the digest decides.
    """

    repository: str = Field(pattern=r"^[a-z0-9.-]+\.[a-z]+(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+$")
    tag: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")
    digest: str

    @field_validator("repository")
    @classmethod
    def _anonymous(cls, repository: str) -> str:
        hub, _, image = repository.partition("/")
        if hub == "docker.io":
            official = image.removeprefix("library/")
            instead = (
                f"write public.ecr.aws/docker/library/{official}, the same images"
                if official != image
                else "name a registry that needs no credentials, such as mcr.microsoft.com or public.ecr.aws"
            )
            refuse(f"Azure makes no cache rule of Docker Hub without credentials; {instead}")
        return repository

    @field_validator("digest")
    @classmethod
    def _whole(cls, digest: str) -> str:
        hexadecimal = digest.removeprefix("sha256:")
        if digest == hexadecimal or len(hexadecimal) != 64 or set(hexadecimal) - set("0123456789abcdef"):
            refuse("write the digest as sha256: and 64 hexadecimal digits; a tag alone may change")
        return digest

    @property
    def copy_repository(self) -> str:
        """The repository of the copy in the estate's registry."""
        return f"{BASES}/{self.repository.rpartition('/')[2]}"


class Registry(Section):
    """untaggedDays: how long an image without a tag is kept."""

    zone_redundant: bool = False
    untagged_days: int = Field(default=30, ge=1, le=365)
    build_agents: BuildAgents | None = None
    base_image: BaseImage | None = None
