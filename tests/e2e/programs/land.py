"""`land.py ACCOUNT PATH FILE`: a file comes into `landing` of a data lake, as clients write it."""

import sys
from pathlib import Path

import httpx
from azure.identity import DefaultAzureCredential

if __name__ == "__main__":
    account, path, file = sys.argv[1:]
    content = Path(file).read_bytes()
    token = DefaultAzureCredential().get_token("https://storage.azure.com/.default").token
    headers = {"authorization": f"Bearer {token}", "x-ms-version": "2023-11-03"}
    url = f"https://{account}.dfs.core.windows.net/landing/{path}"
    with httpx.Client(headers=headers, timeout=60) as lake:
        lake.put(url, params={"resource": "file"}).raise_for_status()
        lake.patch(url, params={"action": "append", "position": "0"}, content=content).raise_for_status()
        flush = {"action": "flush", "position": str(len(content)), "close": "true"}
        lake.patch(url, params=flush).raise_for_status()
