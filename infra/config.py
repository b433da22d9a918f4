"""The settings of an estate, typed and checked before anything is created.

`load` is pure: a mapping as the stack file has it goes in, `Settings` or one `ConfigError` with every problem
come out. docs/estate.md is the reference; `config_rules.py` has the rules between settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    create_model,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema
from pydantic_core.core_schema import ValidationInfo, no_info_after_validator_function

from infra.addresses import SUBNETS, AddressPlan, SubnetKind, address_plan
from infra.config_compute import Compute, MoreClusters
from infra.config_data import DataLake, Storage
from infra.config_erasure import Erasure
from infra.config_errors import ConfigError, all_from_pydantic
from infra.config_existing import CentralZones, ExistingNetwork, Hub, LogsId
from infra.config_gateway import Gateway
from infra.config_kubernetes import Kubernetes
from infra.config_observe import Alerts, Budget
from infra.config_predictions import PredictionsDatabase
from infra.config_private_link import OPTIONAL, PrivateLinkSection
from infra.config_registry import Registry
from infra.config_release import Releases
from infra.config_retraining import Retraining
from infra.config_rules import broken_rules
from infra.config_runners import Runners
from infra.config_scoring_function import ScoringFunction
from infra.config_types import (
    CallerRange,
    Cidr,
    EnvironmentName,
    PrivateAddress,
    ProjectToken,
    RegionName,
    Tags,
    Uuid,
)
from infra.environments import PROVEN_IN
from infra.naming import Names
from infra.private_link import FUNCTION_LINKS, LANDING, PrivateLink, links_of
from infra.regions import REGIONS, Region
from infra.section import Section


class Azure(Section):
    """Where the estate stands: the provider's own settings (azure-native:…)."""

    subscription_id: Uuid
    tenant_id: Uuid
    location: RegionName


def _subnet_fields() -> dict[str, Any]:
    """A field for each row of `addresses.SUBNETS`; None for an optional subnet that is left out."""
    return {kind.field: Cidr if kind.required else (OptionalCidr, None) for kind in SUBNETS}


OptionalCidr = Cidr | None


@dataclass(frozen=True, slots=True)
class SubnetSection:
    """Checks `network.subnets` as a section of settings, and turns it into the ranges that are set."""

    model: type[Section]

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self.ranges, handler.generate_schema(self.model))

    @staticmethod
    def ranges(section: Section) -> dict[str, IPv4Network]:
        pairs = ((kind.setting, getattr(section, kind.field)) for kind in SUBNETS)
        return {name: value for name, value in pairs if value is not None}


SubnetRanges = Annotated[
    Mapping[str, IPv4Network],
    SubnetSection(create_model("Subnets", __base__=Section, **_subnet_fields())),
]


class Network(Section):
    """The virtual network's range, and the ranges of its subnets by setting name.

    storagePolicy: whether training reaches no storage but the estate's and Azure ML's own. hub, centralZones,
    existing: what others made.
    """

    address_space: Cidr
    subnets: SubnetRanges
    storage_policy: bool = True
    hub: Hub | None = None
    central_zones: CentralZones | None = None
    existing: ExistingNetwork | None = None

    def plan(self) -> AddressPlan:
        return address_plan(self.address_space, self.subnets)


class NatGatewayOutbound(Section):
    """Out through a NAT gateway of the estate's own.

    zone: the availability zone that the gateway stands in; without one, Azure chooses. subnets: by setting
    name, whether the gateway leads a subnet out; where it does not, the firewall at nextHopIp has to.
    """

    mode: Literal["natGateway"]
    zone: Literal["1", "2", "3"] | None = None
    idle_minutes: int = Field(default=4, ge=4, le=120)
    subnets: dict[str, bool] = Field(default={})
    next_hop_ip: PrivateAddress | None = None


class FirewallOutbound(Section):
    """Out through a firewall that exists already, in a hub for example."""

    mode: Literal["firewall"]
    next_hop_ip: PrivateAddress


class NoOutbound(Section):
    """No way out."""

    mode: Literal["none"]


class AllowlistAccess(Section):
    """Public endpoints that answer the listed ranges and the estate's own subnets."""

    mode: Literal["allowlist"]
    allowed_ranges: tuple[CallerRange, ...] = Field(min_length=1)


class PrivateAccess(Section):
    """No public endpoint answers anybody."""

    mode: Literal["private"]


Outbound = Annotated[NatGatewayOutbound | FirewallOutbound | NoOutbound, Field(discriminator="mode")]
NetworkAccess = Annotated[AllowlistAccess | PrivateAccess, Field(discriminator="mode")]


class KeyVault(Section):
    """retentionDays: how long a deleted vault, and a deleted secret in it, is kept; fixed once made."""

    retention_days: int = Field(default=90, ge=7, le=90)


class Telemetry(Section):
    """How long logs and metrics are kept. dailyCapGb: what is taken in a day; nothing is kept beyond it.

    workspaceId: Log Analytics that exists already, with an owner who decides on both.
    """

    retention_days: int = Field(default=90, ge=30, le=730)
    daily_cap_gb: float | None = Field(default=None, ge=0.1, le=10_000, allow_inf_nan=False)
    workspace_id: LogsId | None = None


class Settings(Section):
    """All settings of one estate."""

    azure: Azure
    environment: EnvironmentName
    project: ProjectToken
    engineers_group_id: Uuid
    network: Network
    outbound: Outbound
    network_access: NetworkAccess
    private_link: PrivateLinkSection = PrivateLinkSection()
    storage: Storage
    data_lake: DataLake | None = None
    key_vault: KeyVault = KeyVault()
    # At the top level, to be set for one run: `pulumi up --config mlops-estate:recoverKeyVault=true`.
    recover_key_vault: bool = False
    registry: Registry = Registry()
    telemetry: Telemetry = Telemetry()
    compute: Compute
    more_clusters: MoreClusters = Field(default={})
    kubernetes: Kubernetes | None = None
    gateway: Gateway | None = None
    alerts: Alerts | None = None
    budget: Budget | None = None
    releases: Releases | None = None
    retraining: Retraining | None = None
    scoring_function: ScoringFunction | None = None
    predictions_database: PredictionsDatabase | None = None
    erasure: Erasure | None = None
    runners: Runners | None = None
    # For one run each, as recoverKeyVault.
    open_gateway: bool = False
    recover_gateway: bool = False
    protect_data: bool
    tags: Tags = Field(default={})

    @field_validator("*", mode="wrap")
    @classmethod
    def _remember(cls, value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Keep each section that is right, so that rules can check it although others are wrong."""
        checked = check(value)
        if info.context is not None and info.field_name:
            info.context[info.field_name] = checked
        return checked

    @property
    def region(self) -> Region:
        return REGIONS[self.azure.location]

    @property
    def private(self) -> bool:
        return isinstance(self.network_access, PrivateAccess)

    @property
    def gated(self) -> bool:
        """Whether an identity alone puts releases here, approved ones, and people do not."""
        promoter = self.releases.promoter_id if self.releases else None
        return self.environment != PROVEN_IN and promoter is not None

    @property
    def starts_trainings(self) -> bool:
        """Whether the function app that starts trainings is this estate's."""
        return self.retraining is not None and self.retraining.hosted

    @property
    def pushes_to(self) -> str | None:
        """The account of the data lake that labelled rows are pushed to, where one is named."""
        target = self.retraining.push_to if self.retraining else None
        return target.rpartition("/")[2] if target else None

    @property
    def private_links(self) -> tuple[PrivateLink, ...]:
        """The private endpoints: the workspace's, those asked for; in a private estate all but Monitor's.

        The database of predictions has no other way in, wherever it is. The last may lead to another estate's
        data lake.
        """
        chosen = set(OPTIONAL if self.private else self.private_link.services)
        if self.data_lake is None:
            chosen -= {"dataLake"}
        own = links_of(
            (
                "workspace",
                *chosen,
                *(self.releases.targets if self.private and self.releases else ()),
                *(("monitor",) if self.private_link.monitor else ()),
                *self._gateway_link(),
                *(("predictions",) if self.predictions_database else ()),
                *(("triggers", "triggerStorage") if self.private and self.starts_trainings else ()),
                *(FUNCTION_LINKS if self.private and self.scoring_function else ()),
            )
        )
        return (*own, LANDING) if self.retraining and self.retraining.push_endpoint else own

    def _gateway_link(self) -> tuple[str, ...]:
        """A gateway that answers publicly needs no endpoint."""
        return ("gateway",) if self.gateway and self.private else ()

    @property
    def callers(self) -> tuple[str, ...]:
        """Allow-listed ranges as Azure wants them: an address alone has no prefix."""
        access = self.network_access
        ranges = access.allowed_ranges if isinstance(access, AllowlistAccess) else ()
        return tuple(str(r.network_address) if r.prefixlen == 32 else str(r) for r in ranges)

    @property
    def hub_callers(self) -> tuple[str, ...]:
        """The ranges that may call the gateway by the hub."""
        return tuple(str(one) for one in self.network.hub.callers) if self.network.hub else ()

    def way_out(self, kind: SubnetKind) -> Literal["natGateway", "firewall"] | None:
        """What leads a subnet out; None where nothing does, or nothing has to."""
        if not kind.outbound or isinstance(self.outbound, NoOutbound):
            return None
        if isinstance(self.outbound, FirewallOutbound):
            return "firewall"
        return "natGateway" if self.outbound.subnets.get(kind.setting, True) else "firewall"

    @property
    def clusters(self) -> dict[str, Compute]:
        """Every compute cluster by the first part of its name; "cpu" is the one of `compute`."""
        return {"cpu": self.compute, **self.more_clusters}

    def names(self) -> Names:
        return Names(self.azure.subscription_id, self.project, self.environment, self.region.short)

    def all_tags(self) -> dict[str, str]:
        """The tags of every resource."""
        own = {"project": self.project, "environment": self.environment, "managedBy": "pulumi"}
        return {**self.tags, **own}


def load(raw: Mapping[str, Any], stack: str) -> Settings:
    """The settings of the stack named `stack`.

    raw: by setting name; `azure` holds what stands under azure-native in the stack file.
    Raises ConfigError with every problem at once.
    """
    right: dict[str, Any] = {}
    try:
        settings = Settings.model_validate(raw, context=right)
        problems = []
    except ValidationError as error:
        settings = None
        problems = all_from_pydantic(error.errors(), known_settings())
    problems += broken_rules(Settings.model_construct(**right), frozenset(right), stack)
    if problems or settings is None:
        raise ConfigError(problems)
    return settings


def known_settings(model: type[BaseModel] = Settings, path: str = "") -> dict[str, tuple[str, ...]]:
    """For each section's path, the names of its settings."""
    names = {path: tuple(to_camel(name) for name in model.model_fields)}
    for name, field in model.model_fields.items():
        annotation = field.annotation
        subnets = (part.model for part in field.metadata if isinstance(part, SubnetSection))
        options = (annotation, *getattr(annotation, "__args__", ()), *subnets)
        for option in options:
            if isinstance(option, type) and issubclass(option, BaseModel):
                inner = f"{path}.{to_camel(name)}" if path else to_camel(name)
                found = known_settings(option, inner)
                for key, value in found.items():
                    names[key] = tuple(dict.fromkeys((*names.get(key, ()), *value)))
    return names
