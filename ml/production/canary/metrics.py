"""What is compared, as data. Each row says which worsening is borne, and which is looked for."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from scoring.telemetry.classes import BOUNDS_MS, TENTHS

Name = Literal["failures", "latency", "predictions", "outliers"]
ALPHA: Final = 0.01
"""At most this share of releases that stay within all margins goes back, over all steps together."""

CUTS: Final = tuple(number / TENTHS for number in range(1, TENTHS))
"""A row is counted as beyond each of these that its probability reaches."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One comparison of shares of requests, at each of some cuts.

    margin: the new revision's share may exceed the running one's by this. effects: by how much it is
    guessed to exceed it; evidence is the mean over them and over all cuts. falls: whether a share that is
    less by more than the margin counts as well. why: what the margin means.
    """

    name: Name
    cuts: tuple[float, ...]
    margin: float
    effects: tuple[float, ...]
    falls: bool
    why: str

    def __post_init__(self) -> None:
        if not 0 <= self.margin < min(self.effects) or max(self.effects) >= 1:
            raise ValueError(f"{self.name}: effects {self.effects} are not between {self.margin} and 1")
        if any(left >= right for left, right in pairwise(self.cuts)):
            raise ValueError(f"{self.name}: cuts {self.cuts} do not rise")


METRICS: Final[tuple[Metric, ...]] = (
    Metric(
        "failures",
        (0.0,),
        0.01,
        (0.025, 0.05, 0.1, 0.3, 0.8),
        False,
        # Callers' own mistakes reach both revisions alike, so that what differs is the revision's doing: one
        # that refuses what the other one takes is as bad as one that fails.
        "of a hundred scores one more may have another answer than success",
    ),
    Metric(
        "latency",
        BOUNDS_MS,
        0.05,
        (0.1, 0.2, 0.4, 0.8),
        False,
        "at no bound may five of a hundred more scores be slower",
    ),
    Metric(
        "predictions",
        CUTS,
        0.1,
        (0.15, 0.25, 0.45, 0.8),
        True,
        "a new model may differ: beyond no probability may there be ten of a hundred rows more, or fewer",
    ),
    Metric(
        "outliers",
        (0.0,),
        0.03,
        (0.06, 0.12, 0.3, 0.8),
        False,
        "of a hundred rows three more may be flagged",
    ),
)
