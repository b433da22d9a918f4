"""A caller of production: scores real rows through the gateway, and notes how each second went.

It stands inside the network (`python -m emulator run --from SUBNET -- python -m demo.traffic --out FILE`),
has a subscription of the scoring product for each client, and sends one request after another from each until
it is told to end (SIGTERM). Until there is the file that `--hurry` names, each client rests between two
requests: while pods start, and nothing is judged yet, the processors are for them. One request in twenty has
many rows. Each line of the file is a second: when, how many requests were answered, how many of them failed,
and their latency.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import httpx
import pyarrow.parquet as pq

from infra.outputs import EstateOutputs

if TYPE_CHECKING:
    import urllib3

ROOT: Final = Path(__file__).resolve().parents[1]
DATA: Final = ROOT / "data" / "credit_default.parquet"
API: Final = "2024-05-01"
NOT_FEATURES: Final = ("id", "default")
MANY_ROWS, MANY_SHARE = 20, 0.05
REST_S: Final = 0.2
SUBSCRIPTION: Final = "demo"
HEADER: Final = "Ocp-Apim-Subscription-Key"


def subscription_keys(estate: EstateOutputs, count: int) -> list[str]:
    """The keys of so many subscriptions of the scoring product, made where there are none."""
    from azure.identity import DefaultAzureCredential

    token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
    service = (
        f"https://management.azure.com/subscriptions/{estate.subscription_id}/resourceGroups"
        f"/{estate.resource_group}/providers/Microsoft.ApiManagement/service/{estate.gateway}"
    )
    keys: list[str] = []
    with httpx.Client(headers={"authorization": f"Bearer {token}"}, params={"api-version": API}) as client:
        for number in range(1, count + 1):
            name = f"{SUBSCRIPTION}-{number}"
            properties = {"displayName": name, "scope": "/products/scoring", "state": "active"}
            place = f"{service}/subscriptions/{name}"
            client.put(place, json={"properties": properties}).raise_for_status()
            told = client.post(f"{place}/listSecrets").raise_for_status().json()
            keys.append(str(told["primaryKey"]))
    return keys


def connections() -> urllib3.PoolManager:
    """Of one client: kept open, through the proxy of the environment; none retries."""
    import urllib3
    from urllib3.util import make_headers, parse_url

    settings: dict[str, Any] = {
        "retries": False,
        "timeout": 30.0,
        "ca_certs": os.environ.get("SSL_CERT_FILE"),
    }
    proxy = parse_url(os.environ["HTTPS_PROXY"])
    signed = make_headers(proxy_basic_auth=unquote(proxy.auth)) if proxy.auth else None
    return urllib3.ProxyManager(f"{proxy.scheme}://{proxy.netloc}", proxy_headers=signed, **settings)


class Traffic:
    """What the clients share: the bodies, and the counts of each second."""

    def __init__(self, address: str, seed: int, hurry: Path | None = None) -> None:
        """hurry: until this file exists, each client rests between two requests."""
        self.address, self._seed, self._hurry = address, seed, hurry
        with pq.ParquetFile(DATA) as parquet:  # read_table imports pandas
            table = parquet.read().slice(0, 2000).to_pylist()
        # As JSON already: the processors are for what answers, not for who asks.
        self._rows = [
            json.dumps({k: v for k, v in row.items() if k not in NOT_FEATURES}).encode() for row in table
        ]
        self._lock = threading.Lock()
        self._seconds: dict[int, list[tuple[int, float]]] = {}
        self.end = threading.Event()
        self.why: Counter[str] = Counter()

    def _resting(self) -> bool:
        if self._hurry is not None and self._hurry.exists():
            self._hurry = None  # nobody looks for it any more
        return self._hurry is not None

    def run(self, number: int, key: str) -> None:
        """One client."""
        from urllib3.exceptions import HTTPError

        chance = random.Random(self._seed + number)  # noqa: S311
        headers = {HEADER: key, "Content-Type": "application/json"}
        with connections() as client:
            while not self.end.wait(REST_S if self._resting() else 0):
                count = MANY_ROWS if chance.random() < MANY_SHARE else 1
                body = b'{"records":[' + b",".join(chance.sample(self._rows, count)) + b"]}"
                began = time.perf_counter()
                try:
                    answer = client.request("POST", self.address, body=body, headers=headers)
                    status = answer.status
                    if status != 200:
                        self.why[f"{status} {answer.data[:120].decode(errors='replace')}"] += 1
                except HTTPError as error:
                    status = 0
                    self.why[type(error).__name__] += 1
                taken = (time.perf_counter() - began) * 1e3
                with self._lock:
                    self._seconds.setdefault(int(time.time()), []).append((status, taken))

    def finished(self, before: int) -> list[dict[str, Any]]:
        """The seconds that are over, each told once."""
        with self._lock:
            over = sorted(second for second in self._seconds if second < before)
            return [_line(second, self._seconds.pop(second)) for second in over]


def _line(second: int, answers: list[tuple[int, float]]) -> dict[str, Any]:
    taken = sorted(one for _, one in answers)
    return {
        "at": second,
        "requests": len(answers),
        "failed": sum(status != 200 for status, _ in answers),
        "p50_ms": round(taken[len(taken) // 2], 1),
        "p95_ms": round(taken[int(len(taken) * 0.95)], 1),
    }


def main() -> int:
    from ml.estate import read_estate

    parser = argparse.ArgumentParser(prog="python -m demo.traffic", description=__doc__)
    parser.add_argument("--env", default="prod")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--hurry", type=Path, help="a file; until it exists, clients rest between requests")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    estate = read_estate(options.env)
    traffic = Traffic(f"{estate.gateway_url}/scoring/v1/score", 1, options.hurry)
    keys = subscription_keys(estate, options.clients)

    def stop(_number: int, _frame: object) -> None:
        traffic.end.set()

    signal.signal(signal.SIGTERM, stop)
    threads = [
        threading.Thread(target=traffic.run, args=(number, key), daemon=True)
        for number, key in enumerate(keys)
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + options.seconds
    with options.out.open("a") as out:
        while time.monotonic() < until and not traffic.end.wait(1.0):
            for line in traffic.finished(int(time.time())):
                print(json.dumps(line), file=out, flush=True)
        traffic.end.set()
        for thread in threads:
            thread.join(30.0)
        for line in traffic.finished(int(time.time()) + 1):
            print(json.dumps(line), file=out, flush=True)
    for words, count in traffic.why.most_common(5):
        print(f"{count} times: {words}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
