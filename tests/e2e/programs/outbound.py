"""`outbound.py ENVIRONMENT`: the addresses by which an estate's network reaches others, one a line."""

import sys

import httpx
from azure.identity import DefaultAzureCredential

from ml.estate import read_estate

MANAGEMENT = "https://management.azure.com"

if __name__ == "__main__":
    estate = read_estate(sys.argv[1])
    token = DefaultAzureCredential().get_token(f"{MANAGEMENT}/.default").token
    group = f"{MANAGEMENT}/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}"
    addresses = f"{group}/providers/Microsoft.Network/publicIPAddresses?api-version=2024-05-01"
    found = (
        httpx.get(addresses, headers={"authorization": f"Bearer {token}"}).raise_for_status().json()["value"]
    )
    for one in found:
        if one["name"].endswith("-outbound"):
            print(one["properties"]["ipAddress"])
