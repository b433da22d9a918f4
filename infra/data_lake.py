"""What stands in the data lake: its containers, as data."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class LakeContainer:
    """key: the container's name. purpose: the description of its datastore, `lake_KEY` in the workspace."""

    key: str
    purpose: str

    @property
    def datastore(self) -> str:
        return f"lake_{self.key}"


LAKE: Final[tuple[LakeContainer, ...]] = (
    LakeContainer("landing", "New data as it came; nothing but new files is written here"),
    LakeContainer("tables", "Tables that training and monitoring read"),
    LakeContainer("predictions", "What batch scoring wrote, and the logged answers of the service"),
    # A container of its own, because Azure has no role that only adds: scoring can take back what it has just
    # written, and read or change nothing that was kept before.
    LakeContainer("answers", "Answers as replicas of the service write them, until they are taken"),
)
