"""Which engine takes a batch, and where it runs: in this process, or as a job on the estate's cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml.batch.engines import Engine
from ml.batch.places import is_lake
from ml.errors import MlopsError

AUTO: Final = "auto"
GB: Final = 1e9


@dataclass(frozen=True, slots=True)
class Choice:
    """why: in words, for whoever asked."""

    engine: Engine
    here: bool
    why: str


def choose(
    asked: str,
    here: bool,
    data: str,
    output: str,
    size: int | None,
    machine_up_to_gb: float,
    engines: Mapping[str, Engine],
) -> Choice:
    """asked: an engine's name, or `auto`. size: bytes of the data; None where they cannot be looked at.

    Raises MlopsError for an engine that does not exist, and for a job that could not reach its data.
    """
    if asked not in (AUTO, *engines):
        raise MlopsError(f"--engine {asked!r} is none.", f"Give {AUTO}, {' or '.join(engines)}.")
    away = [where for where in (data, output) if not is_lake(where)]
    if away and not here and asked != AUTO:
        raise MlopsError(
            f"A job of the engine {asked} on the cluster cannot reach {away[0]}.",
            "Give addresses in the data lake (abfss://), or --here to score on this machine.",
        )
    if here or away:
        place = "as --here says" if here else f"{away[0]} is on this machine"
        return Choice(engines["machine" if asked == AUTO else asked], True, place)
    if asked != AUTO:
        engine = engines[asked]
        return Choice(engine, False, "; ".join(filter(None, ("as --engine says", engine.outside))))
    return Choice(*_by_size(size, machine_up_to_gb, engines))


def _by_size(
    size: int | None, machine_up_to_gb: float, engines: Mapping[str, Engine]
) -> tuple[Engine, bool, str]:
    machine = engines["machine"]
    if size is None:
        return machine, False, "the data cannot be looked at from here"
    told = f"{size / GB:.3g} GB"
    if size <= machine_up_to_gb * GB:
        return (
            machine,
            False,
            f"{told}, within the {machine_up_to_gb:g} GB of batch.machine_up_to_gb",
        )
    told += f", more than the {machine_up_to_gb:g} GB of batch.machine_up_to_gb"
    larger = [engine for engine in engines.values() if engine.largest]
    inside = next((engine for engine in larger if not engine.outside), None)
    if inside is not None:
        return inside, False, told
    why = "; ".join(engine.outside for engine in larger) or "there is no other engine"
    return machine, False, f"{told}, and {why}"
