"""Which engine builds feature tables, and where: in this process, or as a job of Azure ML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ml.batch.choice import AUTO, GB
from ml.batch.engines import ENGINES
from ml.errors import MlopsError

if TYPE_CHECKING:
    from ml.features.definition import FeatureTable
    from ml.features.sources import Sources

Name = Literal["machine", "spark"]
NAMES: Final[tuple[Name, ...]] = ("machine", "spark")


@dataclass(frozen=True, slots=True)
class Choice:
    """here: in this process. why: in words, for whoever asked."""

    engine: Name
    here: bool
    why: str


def check(asked: str) -> None:
    """Raises MlopsError for an engine that does not exist."""
    if asked not in (AUTO, *NAMES):
        raise MlopsError(f"--engine {asked!r} is none.", f"Give {AUTO}, {' or '.join(NAMES)}.")


def choose(asked: str, here: bool, size: int | None, machine_up_to_gb: float) -> Choice:
    """asked: an engine's name, or `auto`. here: in this process, whatever the engine. size: of the sources,
    bytes; None where they cannot be looked at. Raises MlopsError."""
    check(asked)
    outside = ENGINES["spark"].outside
    if asked == "spark":
        why = ["as --engine says", *([] if here else [outside])]
        return Choice("spark", here, "; ".join(why))
    if asked == "machine":
        return Choice("machine", True, "as --engine says")
    if size is None:
        return Choice("machine", True, "the sources cannot be looked at from here")
    told = f"{size / GB:.3g} GB"
    limit = f"the {machine_up_to_gb:g} GB of batch.machine_up_to_gb"
    if size <= machine_up_to_gb * GB:
        return Choice("machine", True, f"{told}, within {limit}")
    return Choice("machine", True, f"{told}, more than {limit}, and {outside}")


def size(tables: Sequence[FeatureTable], sources: Sources) -> int | None:
    """The bytes of all sources, each once; None where one cannot be looked at, or is nowhere: the build of
    its table says what is wrong, and those of the others go on."""
    from ml.batch.source import look
    from ml.lake.each import away

    try:
        places = {sources.where(source) for table in tables for source in table.sources.values()}
        return sum(look(where, sources.credential).bytes for where in places)
    except Exception as error:
        if away(error) is None:
            raise
        return None
