"""The report of a day: what `mlops quality` writes and `mlops monitor` shows. JSON by pydantic."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ml.quality.metrics import Estimate

Verdict = Literal[
    "too few rows",
    "as in training",
    "season",
    "broken column",
    "covariate shift",
    "covariate shift with loss",
    "concept drift",
    "covariate shift and concept drift",
    "loss",
]
VERSION = 1  # of the report: with another one, fields mean something else
RETRAIN: frozenset[Verdict] = frozenset(
    {"covariate shift with loss", "concept drift", "covariate shift and concept drift", "loss"}
)
"""The verdicts that a training can be expected to mend."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Part):
    """Whole days, both included, and the rows in them."""

    first: dt.date
    last: dt.date
    rows: int


class Value(Part):
    """low and high: the 95% interval."""

    value: float
    low: float
    high: float

    @staticmethod
    def of(estimate: Estimate) -> Value:
        return Value(value=estimate.value, low=estimate.low, high=estimate.high)


class FeatureReport(Part):
    """psi: population stability index less what chance makes of it. p_adjusted: for all features together.

    days: how many days in a row, this one included, the status is what it is.
    """

    name: str
    status: Literal["stable", "drifted", "season", "broken", "not kept", "too few rows"]
    psi: float
    p_adjusted: float
    nulls: int
    days: int
    fault: str | None = Field(default=None, description="what is wrong with a broken column, in words")


class Test(Part):
    """One test of concept drift. value: estimated less measured, less the same on the test rows."""

    value: float
    deviation: float
    p_value: float
    alarm: bool


class Measured(Part):
    """Quality by labels, over the labelled rows of `span`, beside what was estimated for these rows."""

    span: Span
    positives: int
    metrics: dict[str, Value]
    estimated: dict[str, Value]
    ranking: Test | None = Field(description="of the ROC AUC; None without figures of the test rows")
    level: Test | None = Field(description="of the share of label 1")


class Diagnosis(Part):
    """What the figures say, in words; retrain: whether a training can be expected to help."""

    verdict: Verdict
    words: str
    features: tuple[str, ...] = ()
    retrain: bool = False


class Freshness(Part):
    """The latest of each, in UTC; None: there is none yet."""

    answer: dt.datetime | None = None
    label: dt.datetime | None = None


class DailyReport(Part):
    """Everything about one model and one day, UTC.

    window: the days over which features were tested; None while they have too few rows. estimated_window: the
    days that `estimated` is of.
    other_models: rows of the day that other models answered, by NAME:VERSION.
    labelled: rows of the latest days (rules.labelled_days) whose label is known. broken_days: of these, the
    days with a broken column. Labels of their rows say nothing about the model: `measured` is without them.
    """

    version: int = VERSION
    environment: str
    date: dt.date
    model: str
    generated_at: dt.datetime
    rows: int
    other_models: dict[str, int] = {}
    outliers: int
    outlier_share_expected: float
    window: Span | None
    features: tuple[FeatureReport, ...]
    estimated_window: Span | None
    estimated: dict[str, Value]
    reference: dict[str, float] = Field(description="figures of the model's test rows")
    measured: Measured | None
    labelled: int
    broken_days: tuple[dt.date, ...] = ()
    freshness: Freshness = Freshness()
    diagnosis: Diagnosis

    @property
    def drifted(self) -> tuple[str, ...]:
        return self.with_status("drifted")

    def with_status(self, status: str) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features if feature.status == status)
