"""The section `spark` of settings.toml: the Azure ML Spark job of a batch."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

# What azure-ai-ml 1.35.2 lets through (SparkResourceConfiguration): memory optimized, by vCPU.
InstanceType = Literal[
    "standard_e4s_v3", "standard_e8s_v3", "standard_e16s_v3", "standard_e32s_v3", "standard_e64s_v3"
]
# Azure's runtime of which environments/requirements/spark.txt has the versions.
RuntimeVersion = Literal["3.5"]
GB_PER_CORE: Final = 7  # of the instance types' 8: the rest is the system's and Spark's own


class SparkSettings(BaseModel):
    """executors: machines beside the driver's. cores: of each, and task slots."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    instance_type: InstanceType = "standard_e4s_v3"
    runtime_version: RuntimeVersion = "3.5"
    executors: Annotated[int, Field(ge=1, le=200)] = 2
    executor_cores: Annotated[int, Field(ge=1, le=64)] = 4

    @property
    def memory(self) -> str:
        """Of an executor, and of the driver."""
        return f"{self.executor_cores * GB_PER_CORE}g"
