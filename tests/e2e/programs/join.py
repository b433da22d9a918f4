"""`join.py IDENTITY GROUP`: a managed identity becomes a member of a group of the directory."""

import sys

import httpx
from azure.identity import DefaultAzureCredential

GRAPH = "https://graph.microsoft.com"

if __name__ == "__main__":
    name, group = sys.argv[1:]
    token = DefaultAzureCredential().get_token(f"{GRAPH}/.default").token
    with httpx.Client(base_url=f"{GRAPH}/v1.0", headers={"authorization": f"Bearer {token}"}) as graph:
        found = graph.get(
            "/servicePrincipals", params={"$filter": f"displayName eq '{name}'"}
        ).raise_for_status()
        (identity,) = found.json()["value"]
        reference = {"@odata.id": f"{GRAPH}/v1.0/directoryObjects/{identity['id']}"}
        graph.post(f"/groups/{group}/members/$ref", json=reference).raise_for_status()
