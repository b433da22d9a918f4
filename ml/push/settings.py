"""The section `push` of settings.toml."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

LEAST: Final = 1_000  # MINIMUM_ROWS of ml/steps/contract.py, whose import would slow every command


class PushSettings(BaseModel):
    """window_days: of the answers that a file holds, up to its day. minimum_rows: with fewer, none is sent;
    a training refuses fewer than its contract's. most_rows: of a file; beyond it the oldest days stay out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    window_days: int = Field(default=90, ge=1, le=3_650)
    minimum_rows: int = Field(default=LEAST, ge=LEAST, le=10_000_000)
    most_rows: int = Field(default=500_000, ge=LEAST, le=10_000_000)
