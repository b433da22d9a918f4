"""The machine code of scoring as a wheel, compiled once and kept in the user's cache directory.

With the compiler of this machine, else with Zig's, which comes as a package. Without either the service works
as well: ONNX Runtime then evaluates the model.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from cache import cache_dir, say

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "scoring" / "kernel"
PIN = ROOT / "environments" / "requirements" / "kernel.txt"


def sources() -> list[Path]:
    """The files that decide what the wheel holds."""
    return sorted([*FOLDER.glob("*.[ch]"), FOLDER / "build.py", FOLDER / "sources.py"])


def wheel(uv: str) -> Path | None:
    """The wheel's file; None, with the reason on standard error, where none can be built."""
    digest = hashlib.sha256(f"{sys.version} {platform.machine()} {platform.system()}".encode())
    for file in sources():
        digest.update(file.read_bytes())
    out = cache_dir() / f"kernel-{digest.hexdigest()[:16]}"
    if not (found := list(out.glob("*.whl"))):
        say("compiling the machine code of scoring into the cache")
        python = sys.executable if shutil.which("cc") else _zig(uv)
        command = [python, "-m", "kernel.build", "--out", str(out)]
        if subprocess.run(command, cwd=FOLDER.parent, stdout=subprocess.DEVNULL).returncode:
            say("without it ONNX Runtime evaluates the model, more slowly: install a C compiler as cc")
        found = list(out.glob("*.whl"))
    return found[0] if found else None


def _zig(uv: str) -> str:
    """The Python of an environment that has Zig."""
    home = cache_dir() / f"zig-{hashlib.sha256(PIN.read_bytes()).hexdigest()[:16]}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        say("installing Zig, a compiler of some 400 MB, into the cache")
        make = [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(home)]
        subprocess.run(make, check=True)
        sync = [uv, "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(PIN)]
        subprocess.run(sync, check=True)
        (home / "complete").touch()
    return str(python)
