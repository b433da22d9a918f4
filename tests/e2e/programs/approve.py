"""`approve.py ID`: approves the connection of a private endpoint, as whoever runs this."""

import json
import sys

import httpx
from azure.identity import DefaultAzureCredential

if __name__ == "__main__":
    token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
    state = {"status": "Approved", "description": "rows are pushed"}
    answer = httpx.put(
        f"https://management.azure.com{sys.argv[1]}",
        params={"api-version": "2024-01-01"},
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        content=json.dumps({"properties": {"privateLinkServiceConnectionState": state}}),
        timeout=60.0,
    )
    print(answer.text)
    answer.raise_for_status()
