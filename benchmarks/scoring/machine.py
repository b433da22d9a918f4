"""What the figures were measured on."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.scoring.processes import cores

PACKAGES = ("numpy", "onnxruntime", "orjson", "uvicorn", "uvloop", "httptools", "scikit-learn")


def describe() -> dict[str, str]:
    """Processor, cores, memory, system and versions; nothing that names the machine."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": _processor(),
        "cores": f"{len(cores())} for the benchmark and what it measures",
        "memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "packages": versions,
    }


def load() -> float:
    """Runnable processes of the whole machine over the last minute, for each core."""
    return psutil.getloadavg()[0] / (psutil.cpu_count() or 1)


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
