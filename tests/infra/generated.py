"""Right settings of any estate, drawn by hypothesis: what `infra.config.load` has to take."""

import uuid
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from hypothesis import strategies as st

from infra.addresses import SUBNETS, SubnetKind
from infra.config_private_link import OPTIONAL
from infra.regions import REGIONS

SPACES: Final = (
    *(f"10.{second}.0.0/16" for second in (0, 20, 200, 255)),
    *(f"10.60.{third}.0/20" for third in (0, 16, 240)),
    *(f"172.{second}.0.0/16" for second in (16, 18, 29)),
    "172.16.8.0/21",
    "192.168.0.0/16",
    "192.168.64.0/18",
)
PODS: Final = ("192.168.0.0/16", "10.244.0.0/16", "172.24.0.0/14")
SERVICES: Final = ("172.20.0.0/20", "10.250.0.0/16", "10.251.4.0/24")
FIREWALLS: Final = ("10.99.0.4", "172.31.0.68")
CALLERS: Final = ("203.0.113.0/24", "198.51.100.7", "20.31.0.0/16", "51.4.4.0/30", "8.8.8.8/32")
SIZES: Final = ("Standard_D4ds_v5", "Standard_NC4as_T4_v3", "Standard_E16ds_v5")


_WAY: Final = st.sampled_from([1, -1])  # through a list
SWITCHES: Final = (
    "gateway",
    "kubernetes",
    "agents",
    "runners",
    "lake",
    "monitor",
    "alerts",
    "nat",
    "protect",
    "releases",
    "retraining",
    "function",
    "predictions",
    "erasure",
)


def _token(longest: int) -> st.SearchStrategy[str]:
    """Names of two letters, of the most, and between."""
    return st.sampled_from(
        [f"{first}{'z9a0b1c2d3e4'[: length - 1]}" for first in "am" for length in {2, 4, longest}]
    )


def _free(candidates: Iterable[str], taken: Iterable[str]) -> str:
    """The first range that overlaps none of those that are taken."""
    others = [IPv4Network(one) for one in taken]
    return next(one for one in candidates if not any(IPv4Network(one).overlaps(other) for other in others))


@st.composite
def plans(draw: st.DrawFn, kinds: Iterable[SubnetKind]) -> tuple[str, dict[str, str]]:
    """A virtual network's range, and a range in it for each of the kinds, by setting name."""
    space = IPv4Network(draw(st.sampled_from(SPACES)))
    # An eighth of the space at most, and two of the nine kinds a sixteenth, so that all find room; the
    # largest first, so that each is aligned.
    lengths = {
        kind: draw(st.integers(max(space.prefixlen + 3, kind.smallest - 3), kind.smallest)) for kind in kinds
    }
    mirrored = draw(st.booleans())
    at, ranges = 0, dict[str, str]()
    for kind in sorted(lengths, key=lambda kind: lengths[kind]):
        size = 2 ** (32 - lengths[kind])
        offset = space.num_addresses - at - size if mirrored else at
        ranges[kind.setting] = f"{space.network_address + offset}/{lengths[kind]}"
        at += size
    return str(space), ranges


@st.composite
def settings(draw: st.DrawFn) -> dict[str, Any]:
    """What a stack file may say; the stack is its `environment`."""
    region = draw(st.sampled_from(sorted(REGIONS)))
    has = REGIONS[region]
    environment = draw(st.sampled_from(["stage", "prod"]) | _token(5))
    private = {"stage": False, "prod": True}.get(environment, draw(st.booleans()))
    bits = draw(st.integers(0, 2 ** len(SWITCHES) - 1))
    switches = {name: bool(bits >> at & 1) for at, name in enumerate(SWITCHES)}
    agents = has.build_agents and switches["agents"]
    asked = {
        "gateway": switches["gateway"],
        "kubernetes": switches["kubernetes"],
        "buildAgents": agents,
        "ciRunners": switches["runners"] or not agents,
        "functions": switches["retraining"] and switches["lake"],
        "scoringFunction": switches["function"],
    }
    kinds = [kind for kind in SUBNETS if kind.required or asked[kind.setting]]
    space, subnets = draw(plans(kinds))
    redundancy = st.sampled_from(["LRS", "ZRS", "GZRS"] if has.zones else ["LRS"])
    room = min(2 ** (32 - int(subnets["training"].partition("/")[2])) - 5, 100)
    nodes = draw(st.integers(1, room))
    raw: dict[str, Any] = {
        "azure": {
            "subscriptionId": str(uuid.UUID(int=draw(st.integers(1, 2**128 - 1)))),
            "tenantId": "9b3f2a60-1c4d-4e8a-8f57-2d6e0b1c7a01",
            "location": region,
        },
        "environment": environment,
        "project": draw(_token(8)),
        "engineersGroupId": "6f1d3c52-7a0e-4b7e-9d55-0c2a41f0a001",
        "network": {"addressSpace": space, "subnets": subnets},
        "outbound": {"mode": "natGateway"}
        if switches["nat"]
        else {
            "mode": "firewall",
            "nextHopIp": next(
                hop
                for hop in FIREWALLS
                if all(IPv4Address(hop) not in IPv4Network(s) for s in subnets.values())
            ),
        },
        "networkAccess": {"mode": "private"}
        if private
        else {
            "mode": "allowlist",
            "allowedRanges": draw(st.lists(st.sampled_from(CALLERS), min_size=1, unique=True)),
        },
        "privateLink": {
            "services": [] if private else draw(st.lists(st.sampled_from(OPTIONAL), unique=True)),
            "monitor": private or switches["monitor"],
        },
        "storage": {"redundancy": draw(redundancy), "softDeleteDays": draw(st.integers(1, 365))},
        "registry": {"zoneRedundant": has.zones and switches["protect"]},
        "compute": {"vmSize": draw(st.sampled_from(SIZES)), "maxNodes": nodes},
        "protectData": switches["protect"],
    }
    if agents:
        raw["registry"]["buildAgents"] = {"tier": "S2", "count": draw(st.integers(1, 20))}
    if switches["lake"]:
        raw["dataLake"] = {"redundancy": draw(redundancy)}
    if nodes < room:
        raw["moreClusters"] = {draw(_token(12)): {"vmSize": draw(st.sampled_from(SIZES)), "maxNodes": 1}}
    if switches["gateway"]:
        raw["gateway"] = {"publisherName": "mlops", "publisherEmail": "mlops@example.com"}
    if switches["kubernetes"]:
        pods = _free(PODS[:: draw(_WAY)], [space, SERVICES[0]])
        services = _free(SERVICES[:: draw(_WAY)], [space, pods])
        raw["kubernetes"] = {"podRange": pods, "serviceRange": services}
    if switches["releases"]:
        raw["releases"] = {"account": "dlshared", "vault": "kv-shared"}
        if draw(st.booleans()):
            raw["releases"]["groupId"] = f"/subscriptions/{uuid.UUID(int=1)}/resourceGroups/rg-shared"
    if asked["functions"]:
        retraining: dict[str, Any] = {"schedule": "0 0 4 * * Mon", "dailyLimit": draw(st.integers(1, 100))}
        raw["retraining"] = retraining
        if switches["alerts"]:
            retraining["application"] = {
                "clientId": str(uuid.UUID(int=2)),
                "objectId": str(uuid.UUID(int=3)),
            }
    if asked["scoringFunction"]:
        raw["scoringFunction"] = {"maxInstances": draw(st.integers(40, 1000))}
    if switches["predictions"]:
        raw["predictionsDatabase"] = {"administrators": "ML engineers", "zoneRedundant": has.zones}
    if switches["erasure"] and switches["lake"]:
        raw["erasure"] = {"groupId": str(uuid.UUID(int=4))}
        if "predictionsDatabase" in raw:
            raw["erasure"]["groupName"] = "Data protection"
    if switches["alerts"]:
        raw["alerts"] = {"emails": ["mlops@example.com"]}
        raw["budget"] = {"monthly": draw(st.integers(1, 10_000))}
    return raw
