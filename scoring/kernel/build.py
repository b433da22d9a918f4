"""Compiles the machine code of scoring and puts it into a wheel: `python -m kernel.build --out FOLDER`.

Runs where an image is built or a checkout is set up, never in a running image, and needs only the standard
library and a compiler: Zig's, when this Python has the package `ziglang`, else `cc`. The wheel
`scoring-kernel` holds the library and a description: its processor level, its digest and that of the sources.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .sources import DESCRIPTION, FOLDER, LIBRARY, MODULE, SOURCES, source_digest

NAME, VERSION = "scoring-kernel", "1"
# No contraction: products and sums are rounded one by one everywhere in the code, so one row and many agree.
ROUNDING = "-ffp-contract=off"
FLAGS = ("-O3", "-std=c11", "-fPIC", ROUNDING, "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror")
GLIBC = "2.17"  # the oldest that Zig links for


class BuildError(Exception):
    """The machine code cannot be built here; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Level:
    """What of a processor the code needs: its name, and how Zig and other compilers are told."""

    name: str
    zig: tuple[str, ...]
    cc: tuple[str, ...]


LEVELS = {  # by the machine's name
    "x86_64": Level(
        "x86-64-v3",
        ("-target", f"x86_64-linux-gnu.{GLIBC}", "-mcpu=x86_64_v3"),
        ("-march=x86-64-v3",),
    ),
    "aarch64": Level("armv8-a", ("-target", f"aarch64-linux-gnu.{GLIBC}", "-mcpu=generic"), ()),
    "arm64": Level("armv8-a", (), ()),
}


def compiler(level: Level) -> tuple[list[str], str]:
    """The beginning of a compiler's command, and its name with its version. Raises BuildError."""
    if sys.platform == "linux" and (release := _installed("ziglang")):
        zig = [sys.executable, "-m", "ziglang", "cc", *level.zig, "-fno-sanitize=undefined", "-shared", "-s"]
        return zig, f"zig {release}"
    if program := shutil.which("cc"):
        shared = (
            ["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin" else ["-shared", "-s"]
        )
        found = subprocess.run([program, "--version"], capture_output=True, text=True)
        return [program, *level.cc, *shared], found.stdout.splitlines()[0] if found.stdout else "cc"
    raise BuildError("no compiler: install the package ziglang for this Python, or a C compiler as cc")


def _installed(package: str) -> str:
    """The version of an installed package, "" when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def compile_to(library: Path) -> dict[str, str]:
    """Compile, and describe what was made. Raises BuildError."""
    level = LEVELS.get(platform.machine())
    if level is None or sys.platform not in ("linux", "darwin"):
        raise BuildError(f"there is no machine code for {sys.platform} on {platform.machine()}")
    begin, name = compiler(level)
    include = Path(sysconfig.get_paths()["include"])
    headers = [f"-I{include}", "-idirafter", str(include.parent)]  # Debian's lead to others beside them
    command = [*begin, *FLAGS, *headers, str(FOLDER / SOURCES[0]), "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(
            f"{name} ended with {done.returncode}:\n{(done.stdout + done.stderr).strip()[-4000:]}"
        )
    return {
        "level": level.name,
        "sha256": hashlib.sha256(library.read_bytes()).hexdigest(),
        "source": source_digest(),
        "compiler": name,
    }


def wheel(out: Path) -> Path:
    """Build the wheel into a folder; the path of its file. Raises BuildError."""
    with tempfile.TemporaryDirectory(prefix="scoring-kernel-") as scratch:
        library = Path(scratch) / LIBRARY
        description = compile_to(library)
        files = {
            LIBRARY: library.read_bytes(),
            DESCRIPTION: (json.dumps(description, indent=1) + "\n").encode(),
        }
    # Digest and level are part of the version, which the list of an image's packages shows.
    level = description["level"].replace("-", ".")
    version = f"{VERSION}+{level}.sha256.{description['sha256'][:12]}"
    tag = f"cp311-abi3-{_platform()}"
    folder = f"{MODULE}-{version}.dist-info"
    summary = f"Machine code of scoring for {description['level']}, SHA-256 {description['sha256']}"
    files[f"{folder}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\nSummary: {summary}\n"
    ).encode()
    files[f"{folder}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: scoring\nRoot-Is-Purelib: false\nTag: {tag}\n"
    ).encode()
    record = [f"{name},sha256={_record_digest(content)},{len(content)}" for name, content in files.items()]
    files[f"{folder}/RECORD"] = "\n".join([*record, f"{folder}/RECORD,,", ""]).encode()
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{MODULE}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return path


def _platform() -> str:
    if sys.platform == "linux":
        return f"linux_{platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def _record_digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    try:
        print(wheel(parser.parse_args().out).name)
    except BuildError as error:
        print(f"the machine code was not built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
