"""The group's limits are the kernel's: asked of the control group, and tried."""

from __future__ import annotations

import json

from tests.containers.conftest import Start
from tests.containers.group import PIDS, Container

# The control group of a container from inside: files of the second version, then of the first.
READ = """
import json, pathlib
def read(*names):
    root = pathlib.Path("/sys/fs/cgroup")
    return next(path.read_text().strip() for path in map(root.joinpath, names) if path.is_file())
period = None
quota = read("cpu.max", "cpu/cpu.cfs_quota_us").split()
period = quota[1] if len(quota) > 1 else read("cpu/cpu.cfs_period_us")
statistics = dict(line.split() for line in read("cpu.stat", "cpu/cpu.stat").splitlines())
print(json.dumps({
    "memory": int(read("memory.max", "memory/memory.limit_in_bytes")),
    "cpu": int(quota[0]) / int(period),
    "pids": int(read("pids.max", "pids/pids.max")),
    "throttled": int(statistics["nr_throttled"]),
}))
"""
ALLOCATE = "held = [b'x' * (64 << 20) for _ in range({blocks})]; print('allocated', flush=True)"
CHILD = """
import pathlib, subprocess, sys
ended = subprocess.run([sys.executable, "-c", {program!r}])
root = pathlib.Path("/sys/fs/cgroup")
events = next(p for p in (root / "memory.events", root / "memory/memory.oom_control") if p.is_file())
print(ended.returncode, dict(line.split() for line in events.read_text().splitlines())["oom_kill"])
"""
SPIN = """
import os, time
began, children = time.monotonic(), []
for _ in range(2):
    child = os.fork()
    if child == 0:
        while time.monotonic() - began < {seconds}:
            pass
        os._exit(0)
for _ in range(2):
    os.wait()
used = os.times()
print((used.children_user + used.children_system) / (time.monotonic() - began))
"""
FORK = """
import os, time
made = []
try:
    while len(made) < 1000:
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        made.append(child)
except BlockingIOError:
    print("refused after", len(made), flush=True)
for child in made:
    os.kill(child, 9)
"""


def test_the_limits_are_those_of_the_declared_group(serving: Container) -> None:
    found = json.loads(serving.python(READ))
    assert found["memory"] == round(serving.spec.memory_gb * 1024) << 20
    assert found["cpu"] == serving.spec.cpu
    assert found["pids"] == PIDS


def test_what_fits_into_the_memory_runs(start: Start) -> None:
    container = start("python", "-c", ALLOCATE.format(blocks=16))  # 1 of 1.5 GB
    assert container.wait() == 0
    assert container.logs().strip() == "allocated"


def test_an_allocation_beyond_the_memory_is_killed(start: Start) -> None:
    container = start("python", "-c", ALLOCATE.format(blocks=32))  # 2 of 1.5 GB
    assert container.wait() == 137
    assert container.logs().strip() == ""


def test_the_kernel_says_that_it_was_for_the_memory(start: Start) -> None:
    container = start("python", "-c", CHILD.format(program=ALLOCATE.format(blocks=32)))
    assert container.wait() == 0
    signal, kills = container.logs().split()
    assert signal == "-9" and int(kills) >= 1


def test_two_spinning_processes_share_what_the_group_has(start: Start) -> None:
    container = start("python", "-c", SPIN.format(seconds=2))
    assert container.wait() == 0
    assert float(container.logs()) < container.spec.cpu * 1.15


def test_a_smaller_share_is_enforced_too(start: Start) -> None:
    program = SPIN.format(seconds=2) + READ
    container = start("python", "-c", program, cpu=0.25, memory_gb=0.5)
    assert container.wait() == 0
    used, found = container.logs().strip().splitlines()
    assert float(used) < 0.25 * 1.3
    assert json.loads(found)["throttled"] > 0


def test_processes_beyond_the_limit_are_refused(start: Start) -> None:
    container = start("python", "-c", FORK)
    assert container.wait() == 0
    refused = container.logs().strip()
    assert refused.startswith("refused after") and int(refused.split()[-1]) < PIDS
