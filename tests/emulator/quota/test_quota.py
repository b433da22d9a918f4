"""Quotas: what the lists say, and what is refused beyond a limit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.arm import vmsizes
from emulator.quota.families import families, size
from tests.emulator.core.conftest import GROUP, LOCATION, SUBSCRIPTION, Client
from tests.emulator.homes import started_once
from tests.emulator.machinelearning import estate

CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
ADDRESS = f"{GROUP}/providers/Microsoft.Network/publicIPAddresses"
FAMILY = "standardDDSv5Family"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    emulator = Emulator(started_once(tmp_path / "home"))
    made = Client(emulator)
    made.group()
    yield made
    emulator.close()


def cluster(count: int) -> dict[str, Any]:
    pool = {"name": "system", "mode": "System", "count": count, "vmSize": "Standard_D4ds_v5"}
    return {"location": LOCATION, "properties": {"dnsPrefix": "aks", "agentPoolProfiles": [pool]}}


def usages(
    client: Client, namespace: str, location: str = LOCATION
) -> dict[tuple[str, str], tuple[int, int]]:
    """(used, limit) by name and type."""
    path = f"{SUBSCRIPTION}/providers/{namespace}/locations/{location}/usages"
    return {
        (one["name"]["value"], one.get("type", "")): (one["currentValue"], one["limit"])
        for one in client.ok("GET", path)["value"]
    }


@pytest.mark.parametrize(
    ("name", "family", "vcpus"),
    [
        ("Standard_D4ds_v5", "standardDDSv5Family", 4),
        ("standard_ds3_v2", "standardDSv2Family", 4),
        ("Standard_E16as_v5", "standardEASv5Family", 16),
        ("Standard_F8s_v2", "standardFSv2Family", 8),
        ("Standard_B2s", "standardBSFamily", 2),
        ("Standard_NC24ads_A100_v4", "standardNCADSA100v4Family", 24),
        ("Standard_NC4as_T4_v3", "Standard NCASv3_T4 Family", 4),
    ],
)
def test_the_family_of_a_size(name: str, family: str, vcpus: int) -> None:
    one = size(name)
    assert one is not None and (one.family, one.vcpus) == (family, vcpus)


def test_every_size_has_a_family() -> None:
    assert all(size(name) for name in vmsizes.sizes().values())
    assert len(families()) > 50


def test_nodes_of_a_cluster_count_and_are_refused_beyond_the_family(client: Client) -> None:
    client.ok("PUT", CLUSTER, cluster(3))
    used = usages(client, "Microsoft.Compute")
    assert used[FAMILY, ""] == (12, 100) and used["cores", ""] == (12, 350)
    assert usages(client, "Microsoft.Compute", "uksouth")[FAMILY, ""] == (0, 100)
    client.emulator.limits.set(FAMILY, 16)
    client.ok("PUT", CLUSTER, cluster(4))
    refused = client.refused("PUT", CLUSTER, cluster(5))
    assert refused[:2] == (400, "ErrCode_InsufficientVCPUQuota")
    words = f"Insufficient vcpu quota requested 20, remaining 16 for family {FAMILY} for region {LOCATION}."
    assert refused[2].startswith(words)
    pool = {"properties": {"count": 1, "vmSize": "Standard_D4ds_v5", "mode": "User"}}
    assert "requested 4, remaining 0" in client.refused("PUT", f"{CLUSTER}/agentPools/user", pool)[2]


def test_public_addresses_end_at_their_limit(client: Client) -> None:
    client.emulator.limits.set("PublicIPAddresses", 1)
    body = {"location": LOCATION, "sku": {"name": "Standard"}}
    client.ok("PUT", f"{ADDRESS}/one", body)
    client.ok("PUT", f"{ADDRESS}/one", body)
    assert client.refused("PUT", f"{ADDRESS}/two", body) == (
        400,
        "PublicIPCountLimitReached",
        "Cannot create more than 1 public IP addresses for this subscription in this region.",
    )
    client.ok("PUT", f"{ADDRESS}/two", {**body, "location": "uksouth"})
    assert usages(client, "Microsoft.Network")["PublicIPAddresses", ""] == (1, 1)


def test_a_training_cluster_needs_room_for_its_first_node(client: Client) -> None:
    estate.build(lambda path, body: client.ok("PUT", path, body))
    client.emulator.limits.set("standardDSv2Family", 3)
    refused = client.refused("PUT", f"{estate.WORKSPACE}/computes/more", estate.compute_body())
    assert refused[:2] == (400, "BadRequest")
    assert refused[2].startswith(
        "The specified subscription has a Standard DSv2 family vCPU quota of 3 and cannot accomodate for at "
        "least 1 requested managed compute node which maps to 4 vCPUs."
    )
    ml = usages(client, "Microsoft.MachineLearningServices")
    kind = "Microsoft.MachineLearningServices/vmFamily"
    assert ml["standardDSv2Family", f"{kind}/dedicatedCores/usages"] == (0, 3)
    assert ml["standardDSv2Family", f"{kind}/lowPriorityCores/usages"] == (0, -1)


def test_sizes_and_skus_of_a_region(client: Client) -> None:
    compute = f"{SUBSCRIPTION}/providers/Microsoft.Compute"
    skus = client.ok("GET", f"{compute}/skus?$filter=location eq 'westeurope'")["value"]
    found = {one["name"]: one for one in skus}["Standard_D4ds_v5"]
    assert (found["family"], found["locationInfo"][0]["zones"]) == (FAMILY, ["1", "2", "3"])
    ml = f"{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/{LOCATION}/vmSizes"
    sizes = {one["name"]: one for one in client.ok("GET", ml)["value"]}
    assert (sizes["Standard_D4ds_v5"]["family"], sizes["Standard_D4ds_v5"]["vCPUs"]) == (FAMILY, 4)
    assert client.refused("GET", f"{compute}/locations/nowhere/usages")[1] == "NoRegisteredProviderFound"


def test_an_unknown_limit_is_refused(client: Client) -> None:
    with pytest.raises(KeyError):
        client.emulator.limits.set("standardXFamily", 1)
    client.emulator.limits.set(FAMILY, 5)
    client.emulator.limits.set(FAMILY, None)
    assert client.emulator.limits.of(FAMILY.upper()) == 100


def test_a_provider_that_is_not_registered_takes_no_resource(client: Client) -> None:
    provider = f"{SUBSCRIPTION}/providers/Microsoft.Network"
    assert client.ok("GET", provider)["registrationState"] == "Registered"
    assert client.ok("POST", f"{provider}/unregister")["registrationState"] == "NotRegistered"
    body = {"location": LOCATION, "sku": {"name": "Standard"}}
    assert client.refused("PUT", f"{ADDRESS}/one", body) == (
        409,
        "MissingSubscriptionRegistration",
        "The subscription is not registered to use namespace 'Microsoft.Network'. See "
        "https://aka.ms/rps-not-found for how to register subscriptions.",
    )
    client.ok("POST", f"{provider}/register")
    client.ok("PUT", f"{ADDRESS}/one", body)


def test_zones_are_where_azure_has_them(client: Client) -> None:
    body = {"location": "westus", "sku": {"name": "Standard"}, "zones": ["1"]}
    refused = client.refused("PUT", f"{ADDRESS}/one", body)
    assert refused[:2] == (400, "LocationNotSupportAvailabilityZones")
    client.ok("PUT", f"{ADDRESS}/one", {**body, "location": "westeurope"})
