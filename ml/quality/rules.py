"""When something counts as drifted, lost or measured: what alarms depend on, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DAYS_A_YEAR: Final = 365
TESTS_OF_CONCEPT: Final = 2  # ranking and level: they share the false alarms


@dataclass(frozen=True, slots=True)
class Rules:
    """Rows are answers, levels are probabilities of a false alarm.

    window_rows, window_days: features are tested over the latest whole days with so many rows together, so
    many days at most. With fewer than least_rows nothing is said.
    estimated_rows: of the latest whole days, so many days at most, from which quality is estimated.
    false_alarms_a_year: how many days of a year without any change may raise an alarm, on the average, for
    drift and again for concept drift. A day's tests share a 365th of it: expectations add up whether or not
    days share rows, so no independence of days is asked for.
    least_psi: a change is told from this size on (population stability index less what chance makes of it);
    significance alone grows with the rows. 0.05 is a shift of 0.22 standard deviations of a normal feature.
    labelled_rows, labelled_days, least_labelled, least_class: the same for labels; at least so many rows of
    either label.
    least_loss: of ROC AUC; a smaller loss is told and is no alarm. least_level: difference of the mean
    probability from the share of label 1.
    null_share: of rows without a value, from which a column counts as broken.
    season_days, season_width: a window is compared with the days around so many days before, where there are
    any. 364 days are 52 weeks, so weekdays meet weekdays.
    """

    window_rows: int = 2_000
    window_days: int = 7
    least_rows: int = 200
    estimated_rows: int = 5_000
    false_alarms_a_year: float = 0.25
    least_psi: float = 0.05
    labelled_rows: int = 5_000
    labelled_days: int = 90
    least_labelled: int = 500
    least_class: int = 50
    least_loss: float = 0.02
    least_level: float = 0.02
    null_share: float = 0.01
    season_days: int = 364
    season_width: int = 15

    @property
    def drift_level(self) -> float:
        """Of all features of a day together."""
        return self.false_alarms_a_year / DAYS_A_YEAR

    @property
    def concept_level(self) -> float:
        """Of one of the tests of a day."""
        return self.drift_level / TESTS_OF_CONCEPT
