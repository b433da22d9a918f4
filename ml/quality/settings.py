"""The section `quality` of settings.toml: what `Rules` leaves to choose."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ml.quality.rules import Rules

DEFAULT = Rules()
Rows = Annotated[int, Field(ge=500, le=10_000_000)]


class QualitySettings(BaseModel):
    """What is not given is as in `Rules`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    window_rows: Rows = DEFAULT.window_rows
    estimated_rows: Rows = DEFAULT.estimated_rows
    labelled_rows: Rows = DEFAULT.labelled_rows
    false_alarms_a_year: float = Field(default=DEFAULT.false_alarms_a_year, gt=0, le=365)
    least_psi: float = Field(default=DEFAULT.least_psi, ge=0, le=10)
    least_loss: float = Field(default=DEFAULT.least_loss, ge=0, le=0.5)

    def rules(self) -> Rules:
        return Rules(**self.model_dump())
