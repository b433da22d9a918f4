"""What a resource costs in the emulator and its provider, by how many a program has.

    python -m benchmarks.emulator.resources COUNT …          (a client of a running emulator)

drives the provider as Pulumi's engine does (check, create, and at the end delete), several resources at a
time, and prints JSON: seconds and CPU milliseconds for each. Pulumi's own work (its state file) is left out.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.emulator.figures import Figure
from benchmarks.emulator.readiness import MOTO, started
from benchmarks.emulator.world import World

SUBSCRIPTION: Final = "0a7c1e5d-0000-4000-8000-00000000000a"
PARALLEL: Final = 8
COUNTS: Final = (100, 500)
ROUNDS: Final = 3
GROWTH: Final = 1.1  # a cost that does not grow, as far as CPU can be measured


def kinds(group: str, account: str, subnet: str, number: int) -> tuple[str, dict[str, Any]]:
    """Token and inputs of the resource with this number: four types in turn."""
    common = {"resourceGroupName": group}
    match number % 4:
        case 0:
            return "managedidentity:UserAssignedIdentity", {**common, "resourceName": f"identity{number}"}
        case 1:
            named = {**common, "publicIpAddressName": f"address{number}", "sku": {"name": "Standard"}}
            return "network:PublicIPAddress", {**named, "publicIPAllocationMethod": "Static"}
        case 2:
            first = {"name": "first", "subnet": {"id": subnet}}
            named = {**common, "networkInterfaceName": f"interface{number}"}
            return "network:NetworkInterface", {**named, "ipConfigurations": [first]}
        case _:
            named = {**common, "accountName": account, "containerName": f"container{number}"}
            return "storage:BlobContainer", named


def measure(count: int, number: int, emulator_pid: int) -> dict[str, float]:
    """Seconds of the clock, and CPU seconds of emulator and provider, to create and to delete `count`."""
    import psutil

    from emulator.provider.arm_client import ArmClient, Credentials
    from emulator.provider.lifecycle import Lifecycle

    names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
    client = ArmClient(SUBSCRIPTION, Credentials(*(os.environ[name] for name in names)))
    lifecycle = Lifecycle(client, "westeurope")
    process = psutil.Process(emulator_pid)

    def make(token: str, inputs: dict[str, Any], urn: str) -> tuple[str, str]:
        full = f"azure-native:{token}"
        checked = lifecycle.check(full, "bench", {}, inputs, urn=urn)
        if checked.failures:
            raise RuntimeError(f"{urn}: {checked.failures}")
        return full, lifecycle.create(full, checked.inputs, urn=urn)[0]

    def cpu() -> float:
        used = process.cpu_times()
        return used.user + used.system + time.process_time()

    group = account = f"bench{number}of{count}"
    _, group_id = make("resources:ResourceGroup", {"resourceGroupName": group}, "group")
    make(
        "storage:StorageAccount",
        {
            "resourceGroupName": group,
            "accountName": account,
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
        },
        f"account{count}",
    )
    net = {"resourceGroupName": group, "virtualNetworkName": "net"}
    make("network:VirtualNetwork", {**net, "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}, "net")
    subnet = make("network:Subnet", {**net, "subnetName": "all", "addressPrefix": "10.0.0.0/20"}, "subnet")[1]

    resources = [kinds(group, account, subnet, number) for number in range(count)]
    urns = [f"{count}-{number}" for number in range(count)]
    with ThreadPoolExecutor(PARALLEL) as pool:
        begin, used = time.perf_counter(), cpu()
        made = list(pool.map(make, *zip(*resources, strict=True), urns))
        created, used_created = time.perf_counter() - begin, cpu() - used
        begin, used = time.perf_counter(), cpu()
        list(pool.map(lifecycle.delete, *zip(*made, strict=True)))
        deleted, used_deleted = time.perf_counter() - begin, cpu() - used
    lifecycle.delete("azure-native:resources:ResourceGroup", group_id)
    return {
        "count": count,
        "create_s_each": round(created / count, 4),
        "create_cpu_ms_each": round(1000 * used_created / count, 2),
        "delete_s_each": round(deleted / count, 4),
        "delete_cpu_ms_each": round(1000 * used_deleted / count, 2),
    }


def figures(world: World, step: Callable[[], None]) -> list[Figure]:
    """Cost each at the last count, how it grows from the first, and what moto asks for a resource."""
    found: list[dict[str, float]] = world.measure("resources", *map(str, COUNTS))
    step()
    moto = buckets(COUNTS[0])
    step()
    return table(found, moto)


def table(found: Sequence[dict[str, float]], moto: dict[str, float]) -> list[Figure]:
    """first and last: by seconds of the clock; growth: by CPU, which other programs disturb less."""
    first, last = found[0], found[-1]
    made: list[Figure] = []
    for verb in ("create", "delete"):
        for one in (first, last):
            title = f"{verb} one of {one['count']:.0f} resources"
            key, each = f"{verb}_{one['count']:.0f}", 1000 * one[f"{verb}_s_each"]
            made.append(Figure(key, title, each, "ms", None, "moto's server, a bucket", 1000 * moto[verb]))
        growth = last[f"{verb}_cpu_ms_each"] / first[f"{verb}_cpu_ms_each"]
        title = f"growth of its CPU from {first['count']:.0f} to {last['count']:.0f}"
        made.append(Figure(f"{verb}_growth", title, growth, "", GROWTH))
    return made


def buckets(count: int) -> dict[str, float]:
    """Seconds each to create and to delete `count` buckets, several at a time, with moto's server."""
    import requests

    local = threading.local()
    with started(*MOTO) as port, ThreadPoolExecutor(PARALLEL) as pool:

        def ask(method: str, number: int) -> None:
            if not hasattr(local, "session"):
                local.session = requests.Session()
                local.session.trust_env = False
            url = f"http://127.0.0.1:{port}/bucket{number}"
            answer = local.session.request(method, url, headers={"host": "s3.us-east-1.amazonaws.com"})
            answer.raise_for_status()

        def all_of(method: str, names: range) -> float:
            begin = time.perf_counter()
            list(pool.map(partial(ask, method), names))
            return (time.perf_counter() - begin) / len(names)

        all_of("PUT", range(count, count + 8))  # warms up
        return {"create": all_of("PUT", range(count)), "delete": all_of("DELETE", range(count))}


def least(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of each figure the least: other programs only ever add to it."""
    return {key: min(run[key] for run in runs) for key in runs[0]}


def main(counts: list[int]) -> None:
    """Measure in the environment of a client of the emulator."""
    pid = int((Path(os.environ["EMULATOR_HOME"]) / "run" / "pid").read_text().split()[0])
    order = [8, *counts * ROUNDS]  # the first warms up
    found = [measure(count, number, pid) for number, count in enumerate(order)][1:]
    print(json.dumps([least([one for one in found if one["count"] == count]) for count in counts]))


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]])
