"""The section `features` of settings.toml."""

from pydantic import BaseModel, ConfigDict, Field


class FeaturesSettings(BaseModel):
    """Of `mlops features`. memory_gb: of DuckDB; what does not fit goes to disk."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    memory_gb: float = Field(default=2.0, ge=0.1, le=4096)
