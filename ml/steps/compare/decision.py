"""Whether a challenger is to be registered: better by one metric and margin, and within its bounds.

A person may override the first, never the second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ml.steps.bounds import broken
from ml.steps.digits import told_apart
from ml.steps.errors import StepError
from ml.steps.evaluate.metrics import DIGITS, DIRECTIONS


@dataclass(frozen=True, slots=True)
class Decision:
    """`challenger` and `champion` hold the content of metrics.json; there may be no champion.

    `better` is about the metric alone; `bounds` are the card's findings; `accepted` needs both, or the bounds
    and a person's reason, `override`. It is `overridden` when it would not have been accepted without.
    """

    better: bool
    bounds: Sequence[Mapping[str, Any]]
    metric: str
    margin: float
    challenger: Mapping[str, Any]
    champion: Mapping[str, Any] | None
    champion_version: str | None
    reason: str
    override: str | None = None

    @property
    def accepted(self) -> bool:
        return (self.better or self.override is not None) and not broken(self.bounds)

    @property
    def overridden(self) -> bool:
        return self.accepted and not self.better

    def to_json(self) -> dict[str, Any]:
        return {"accepted": self.accepted, "overridden": self.overridden, **asdict(self)}


def decide(
    metric: str,
    margin: float,
    challenger: Mapping[str, Any],
    champion: Mapping[str, Any] | None,
    champion_version: str | None,
    bounds: Sequence[Mapping[str, Any]] = (),
    override: str | None = None,
) -> Decision:
    """Decide. "Better" means greater than zero and at least the margin, in the metric's own direction.

    `bounds`: the findings of the card; `override`: why a model that is not better is to be taken. Both models
    must be judged on the same rows, which is checked, and at the same costs of errors.

    Raises StepError for an unknown metric, a negative margin, or metrics of different test rows.
    """
    if metric not in DIRECTIONS:
        raise StepError(f"metric is {metric!r}: expected one of {', '.join(DIRECTIONS)}")
    if not margin >= 0:
        raise StepError(f"margin is {margin}: expected 0 or more")
    if champion is None:
        reason = _within("the first model", bounds)
        return Decision(True, bounds, metric, margin, dict(challenger), None, None, reason, override)
    if champion["test_sha256"] != challenger["test_sha256"]:
        raise StepError("the metrics of challenger and champion were not measured on the same test rows")
    new, old = float(challenger[metric]), float(champion[metric])
    # Rounded, so that the noise in a difference of floats does not decide at the margin.
    gain = round(new - old if DIRECTIONS[metric] == "higher" else old - new, DIGITS)
    better = gain > 0 and gain >= round(margin, DIGITS)
    verdict = "better" if better else "not better"
    gained, asked = told_apart(gain, margin, 5)
    reason = (
        f"{verdict}: {metric} {new:.5f} against {old:.5f} of version {champion_version}, "
        f"a gain of {gained} where {f'at least {asked}' if margin else 'more than 0'} is asked for"
    )
    if not better and override is not None:
        reason += f"; overridden: {override}"
    return Decision(
        better,
        bounds,
        metric,
        margin,
        dict(challenger),
        dict(champion),
        champion_version,
        _within(reason, bounds),
        override,
    )


def _within(reason: str, bounds: Sequence[Mapping[str, Any]]) -> str:
    """The reason, with the bounds that do not hold."""
    found = broken(bounds)
    return f"{reason}; outside its bounds: {'; '.join(found)}" if found else reason
