"""When a part is written, and how much waits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """A part is written when it has so many rows, or its first one is so old. `most_rows`: that wait in one
    process, those of the part included. A row of the example takes some 200 bytes, so an outage of the data
    lake takes 10 MB: a pod's memory follows what was measured without one."""

    part_rows: int = 10_000
    part_seconds: float = 60.0
    most_rows: int = 50_000
