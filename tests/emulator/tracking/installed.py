"""Packages in an environment of their own, from a hashed requirement file, kept in the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.bootstrap.cache import cache_dir, say

ROOT = Path(__file__).resolve().parents[3]
CACHE = cache_dir()  # the user's: fixtures give the tests' servers one of their own
REQUIREMENTS = ROOT / "environments" / "requirements"


def python(group: str = "mlflow") -> Path:
    """The Python of a group with an environment of its own; installed when need be (MLflow's is 85 MB)."""
    requirements = REQUIREMENTS / f"{group}.txt"
    wanted = hashlib.sha256(sys.version.encode() + requirements.read_bytes()).hexdigest()[:16]
    folder = CACHE / f"{group}-{wanted}"
    if folder.exists():
        return folder / "bin" / "python"
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    assert uv is not None, "there is no uv, which `make setup` puts into .venv/bin"
    say(f"installing {folder.name} into the cache, once for this machine")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{group}-", dir=folder.parent))
    environment = {**os.environ, "UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true"}
    try:
        make = [uv, "venv", "--quiet", "--allow-existing", "--relocatable", "--python", sys.executable]
        subprocess.run([*make, str(aside)], check=True, env=environment)
        sync = [uv, "pip", "sync", "--quiet", "--python", str(aside / "bin" / "python"), "--require-hashes"]
        subprocess.run([*sync, "--compile-bytecode", str(requirements)], check=True, env=environment)
        if not folder.exists():  # else another run was faster
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder / "bin" / "python"
