"""The settings of the Kubernetes cluster."""

import re
from ipaddress import IPv4Network
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from infra.config_types import Cidr, VmSize, refuse
from infra.section import Section

PODS: Final = IPv4Network("192.168.0.0/16")
SERVICES: Final = IPv4Network("172.20.0.0/20")
Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _version(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"1\.\d{2}(\.\d{1,2})?", value):
        refuse('write a version as "1.33" or "1.33.5", in quotes')
    return value


def _clock(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        refuse('write a time as "02:00", in quotes')
    return value


Clock = Annotated[str, BeforeValidator(_clock)]
Version = Annotated[str, BeforeValidator(_version)]


class Nodes(Section):
    """A pool of nodes of one size; the autoscaler keeps their number between the bounds."""

    vm_size: VmSize = "Standard_D4ds_v5"
    min_nodes: int = Field(default=1, ge=1, le=100)
    max_nodes: int = Field(default=3, ge=1, le=100)


class Maintenance(Section):
    """When Azure may upgrade the cluster and its nodes: once a week, in UTC. hours: how long."""

    day: Day = "Sunday"
    start: Clock = "02:00"
    hours: int = Field(default=4, ge=4, le=24)


class Kubernetes(Section):
    """A private cluster for production's scoring.

    version: at creation; later the upgrade channel decides. podRange, serviceRange: in the cluster alone, not
    in the virtual network. systemNodes carry what Kubernetes itself needs, userNodes what scores.
    """

    version: Version | None = None
    upgrade_channel: Literal["patch", "stable", "none"] = "patch"
    tier: Literal["Free", "Standard", "Premium"] = "Standard"
    pod_range: Cidr = PODS
    service_range: Cidr = SERVICES
    system_nodes: Nodes = Nodes()
    user_nodes: Nodes = Nodes()
    maintenance: Maintenance = Maintenance()
