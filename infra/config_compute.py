"""Settings of the compute clusters."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.config_types import VmSize, refuse
from infra.section import Section


class Compute(Section):
    """A training cluster, from zero to `maxNodes` nodes.

    priority: "LowPriority" nodes cost a fraction, and Azure takes them back when it wants to.
    """

    vm_size: VmSize
    max_nodes: int = Field(ge=1, le=100)
    idle_minutes: int = Field(default=10, ge=2, le=120)
    priority: Literal["Dedicated", "LowPriority"] = "Dedicated"


def _names(clusters: dict[str, Compute]) -> dict[str, Compute]:
    for name in clusters:
        if not re.fullmatch(r"[a-z][a-z0-9]{1,11}", name):
            refuse(f"{name!r} is no name of a cluster: 2 to 12 lower-case letters and digits, a letter first")
        if name == "cpu":
            refuse("'cpu' is the cluster of `compute`; choose another name")
    return clusters


MoreClusters = Annotated[dict[str, Compute], AfterValidator(_names)]
"""Further clusters by name, as {gpu: {vmSize: …, maxNodes: …}}."""
