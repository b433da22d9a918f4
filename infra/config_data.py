"""Settings of where data lies: the workspace's own storage, and the data lake."""

from typing import Literal

from pydantic import Field, field_validator

from infra.config_types import refuse
from infra.section import Section

Redundancy = Literal["LRS", "ZRS", "GZRS"]


class Storage(Section):
    """redundancy: copies in one data centre, in three zones, or those and a second region's.

    versionDays: how long an overwritten or deleted blob's version is kept.
    """

    redundancy: Redundancy
    soft_delete_days: int = Field(default=14, ge=1, le=365)
    version_days: int = Field(default=30, ge=1, le=36500)
    hierarchical_namespace: bool = False

    @field_validator("hierarchical_namespace")
    @classmethod
    def _flat(cls, asked: bool) -> bool:
        if asked:
            refuse("Azure ML takes no such account as its own storage; leave it out, dataLake is one")
        return asked


class DataLake(Section):
    """A second account, with a hierarchical namespace: new data comes in, tables stand, predictions go out.

    coolAfterDays: without a write, then a blob moves to the cool tier. landingDays, predictionsDays: after
    these a blob is deleted; of predictions only what belongs to no table.
    """

    redundancy: Redundancy
    soft_delete_days: int = Field(default=14, ge=1, le=365)
    cool_after_days: int = Field(default=30, ge=1, le=36500)
    landing_days: int = Field(default=365, ge=1, le=36500)
    predictions_days: int = Field(default=400, ge=1, le=36500)
