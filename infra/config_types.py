"""Field types of the settings, each with the words for what is wrong with a value."""

import re
import uuid
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import Annotated, Any, Final, NoReturn

from pydantic import AfterValidator, BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from infra.regions import REGIONS
from infra.vm_sizes import retiring, x64_beside

PRIVATE: Final = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
# No public endpoint is reached from these: private ranges, carriers' (100.64.0.0/10), hosts' own, multicast.
UNROUTED: Final = (
    *PRIVATE,
    *map(
        IPv4Network,
        ("0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
    ),
)
WIDEST_CALLERS: Final = 16  # prefix length


def refuse(advice: str) -> NoReturn:
    """Refuse a value with this advice to the reader."""
    raise PydanticCustomError("setting", "{advice}", {"advice": advice})


def _network(value: Any) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str) or "/" not in value:
        refuse("write an IPv4 range as 10.20.0.0/16")
    try:
        return IPv4Network(value)
    except (AddressValueError, NetmaskValueError):
        refuse("write an IPv4 range as 10.20.0.0/16")
    except ValueError:
        refuse(f"the address has bits outside its prefix; did you mean {IPv4Network(value, strict=False)}?")


def _private_range(value: IPv4Network) -> IPv4Network:
    if not any(value.subnet_of(private) for private in PRIVATE):
        refuse("use a private range (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)")
    return value


def _caller_range(value: Any) -> IPv4Network:
    text = f"{value}/32" if isinstance(value, str) and "/" not in value else value
    network = _network(text)
    if network.prefixlen == 0:
        refuse("this is the whole internet; list the ranges of your offices, VPN and runners")
    if any(network.overlaps(private) for private in UNROUTED):
        refuse("this range never arrives at a public endpoint; list public ranges")
    if network.prefixlen < WIDEST_CALLERS:
        refuse(f"this is wider than a /{WIDEST_CALLERS}; list narrower ranges")
    if network.prefixlen == 31:
        refuse("Azure Storage takes no /31; list the two addresses")
    return network


def _address(value: Any) -> IPv4Address:
    if isinstance(value, IPv4Address):
        return value
    try:
        return IPv4Address(str(value))
    except AddressValueError:
        refuse("write an IPv4 address as 10.0.0.4")


def _private_address(value: IPv4Address) -> IPv4Address:
    if not any(value in private for private in PRIVATE):
        refuse("use the private address of the firewall")
    return value


def _uuid(value: Any) -> str:
    try:
        parsed = uuid.UUID(str(value))
    except ValueError:
        refuse("write a UUID as 00000000-0000-0000-0000-000000000000")
    if not parsed.int:
        refuse("this is the empty UUID; set the real one")
    return str(parsed)


def _region(value: Any) -> str:
    if not isinstance(value, str) or value not in REGIONS:
        near = [name for name in REGIONS if isinstance(value, str) and name[:6] == _squeezed(value)[:6]]
        hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(REGIONS)}"
        refuse(f"no region of that name; {hint}")
    return value


def _squeezed(value: str) -> str:
    return value.replace(" ", "").replace("-", "").lower()


def _project(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9]{1,7}", value):
        refuse("use 2 to 8 lower-case letters and digits, a letter first: it is part of every name")
    return value


def _environment(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9]{1,4}", value):
        refuse(
            "use 2 to 5 lower-case letters and digits, a letter first: it is the stack's name and part of "
            "every name"
        )
    return value


def _vm_size(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(
        r"Standard_[A-Z]+\d+[a-z]*(?:-\d+[a-z]*)?(?:_\w+)?", value
    ):
        refuse("write an Azure VM size as Standard_D4ds_v5")
    if series := retiring(value):
        refuse(
            f"Azure retires the series {series.name} on {series.retires}; set {series.instead} for example"
        )
    if instead := x64_beside(value):
        refuse(
            f"its processors are ARM64, and what runs on an estate's machines is built for x64; set {instead}"
        )
    return value


def _tags(value: dict[str, str]) -> dict[str, str]:
    for name, content in value.items():
        if not name or len(name) > 512 or re.search(r"[<>%&\\?/]", name):
            refuse(f"{name!r} is no tag name: 1 to 512 characters without < > % & \\ ? /")
        if len(content) > 256:
            refuse(f"{name!r} is longer than 256 characters")
    if len(value) > 40:
        refuse("set at most 40 tags (Azure takes 50, the estate adds its own)")
    return value


_text = PlainSerializer(str)
Cidr = Annotated[IPv4Network, BeforeValidator(_network), AfterValidator(_private_range), _text]
CallerRange = Annotated[IPv4Network, BeforeValidator(_caller_range), _text]
Address = Annotated[IPv4Address, BeforeValidator(_address), _text]
PrivateAddress = Annotated[IPv4Address, BeforeValidator(_address), AfterValidator(_private_address), _text]
Uuid = Annotated[str, BeforeValidator(_uuid)]
RegionName = Annotated[str, BeforeValidator(_region)]
EnvironmentName = Annotated[str, BeforeValidator(_environment)]
ProjectToken = Annotated[str, BeforeValidator(_project)]
VmSize = Annotated[str, BeforeValidator(_vm_size)]
Tags = Annotated[dict[str, str], AfterValidator(_tags)]
