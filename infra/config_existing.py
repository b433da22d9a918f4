"""Settings that name what exists already, by resource id. It is looked up and checked, and never changed."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from infra import resource_ids
from infra.config_types import Address, Cidr, refuse
from infra.section import Section

NETWORK: Final = "Microsoft.Network/virtualNetworks"
LOGS: Final = "Microsoft.OperationalInsights/workspaces"
MONITOR_SCOPE: Final = "Microsoft.Insights/privateLinkScopes"
STORAGE: Final = "Microsoft.Storage/storageAccounts"


def _id_of(type_: str) -> BeforeValidator:
    def check(value: Any) -> str:
        try:
            return str(resource_ids.parse(value if isinstance(value, str) else "", type_))
        except ValueError as error:
            refuse(str(error))

    return BeforeValidator(check)


NetworkId = Annotated[str, _id_of(NETWORK)]
LogsId = Annotated[str, _id_of(LOGS)]
MonitorScopeId = Annotated[str, _id_of(MONITOR_SCOPE)]
AccountId = Annotated[str, _id_of(STORAGE)]
GroupId = Annotated[str, _id_of(resource_ids.GROUP)]


def _subnet_id(value: Any) -> str:
    network, _, name = str(value).partition("/subnets/")
    try:
        if not name or "/" in name:
            raise ValueError("it has no /subnets/NAME")
        return f"{resource_ids.parse(network, NETWORK)}/subnets/{name}"
    except ValueError as error:
        refuse(f"write the whole resource id, as {resource_ids.form(NETWORK)}/subnets/NAME ({error})")


SubnetId = Annotated[str, BeforeValidator(_subnet_id)]


class Hub(Section):
    """The network that this one is peered with, from this side; the other side is its owner's.

    useGateway: whether ways through the hub's gateway (VPN, ExpressRoute) are this network's too.
    dnsServers: whom machines of the network ask for names; without them Azure's own DNS. callers: ranges of
    the hub, or of what lies behind it, that may call the gateway.
    """

    virtual_network_id: NetworkId
    use_gateway: bool = False
    dns_servers: tuple[Address, ...] = Field(default=())
    callers: tuple[Cidr, ...] = Field(default=(), max_length=100)


class CentralZones(Section):
    """The group whose private DNS zones the names of private endpoints stand in. Their owner links them."""

    resource_group_id: GroupId


class ExistingNetwork(Section):
    """The virtual network in which the subnets are made."""

    virtual_network_id: NetworkId
