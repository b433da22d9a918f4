"""What a resource costs in the emulator and its provider, by how many a program has.

    python benchmarks/emulator_resources.py [COUNT ...]       (default: 100 500)

drives the provider as Pulumi's engine does (check, create, and at the end delete), several resources at a
time, against an emulator in a scratch home, and prints JSON: seconds and CPU milliseconds for each resource,
and the ratio of the last count to the first. Pulumi's own work (its state file) is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
SUBSCRIPTION = "0a7c1e5d-0000-4000-8000-00000000000a"
PARALLEL = 8
COUNTS = (100, 500)


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


def measure(count: int, emulator_pid: int) -> dict[str, float]:
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

    group, account = f"bench{count}", f"bench{count}"
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


def inside(counts: list[int]) -> None:
    """Measure in the environment of a client of the emulator."""
    pid = int((Path(os.environ["EMULATOR_HOME"]) / "run" / "pid").read_text().split()[0])
    found = [measure(count, pid) for count in (8, *counts)][1:]  # the first warms up
    keys = [key for key in found[0] if key != "count"]
    ratio = {key: round(found[-1][key] / max(found[0][key], 1e-9), 2) for key in keys}
    print(json.dumps({"resources": found, "ratio_last_to_first": ratio}, indent=2))


def main(counts: list[int]) -> int:
    """Start an emulator in a scratch home, measure, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "EMULATOR_HOME": str(Path(folder) / "home"),
            "PYTHONPATH": str(REPOSITORY),
        }
        emulator = [sys.executable, "-m", "emulator"]

        def run(*argv: str) -> int:
            return subprocess.run([*emulator, *argv], cwd=REPOSITORY, env=environment, check=False).returncode

        if run("up"):
            return 1
        try:
            arguments = [str(count) for count in counts]
            return run("run", "--", sys.executable, str(Path(__file__)), "--inside", *arguments)
        finally:
            run("down")


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:] if text.isdigit()] or list(COUNTS)
    if "--inside" in sys.argv:
        inside(numbers)
    else:
        sys.exit(main(numbers))
