"""Make .venv from the hashed requirement files; does nothing when it is already what they say.

Only the standard library is used: this runs before anything is installed.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import kernel
from cache import cache_dir, say, stop

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("infra", "training", "ml", "scoring", "dev")
UV_PIN = Path(__file__).with_name("uv.txt")
OLDEST, NEWEST = (3, 11), (3, 13)
# The checkout's path, not a finder of packages that each start of Python imports: half of what a start takes.
EDITABLE = "editable_mode=compat"


def requirement_files() -> list[Path]:
    return [ROOT / "environments" / "requirements" / f"{group}.txt" for group in GROUPS]


def fingerprint(files: list[Path]) -> str:
    """sha256 of all that decides what the environment holds."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(str(ROOT).encode())
    digest.update(b"with bytecode")
    digest.update(EDITABLE.encode())
    for file in [*files, ROOT / "pyproject.toml", *kernel.sources()]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def system_certificates() -> None:
    """uv brings certificates of its own, the machine's may know more. Older uv reads the second name."""
    for name in ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS"):
        os.environ.setdefault(name, "true")


def uv() -> str:
    """The uv on PATH, else a pinned one in the cache directory.

    Where .venv/bin comes first on PATH that is our own link to it, which `make` is about to replace: what the
    link leads to is told, lest it lead to itself.
    """
    found = shutil.which("uv")
    if found:
        return str(Path(found).resolve())
    version = UV_PIN.read_text().split()[0].removeprefix("uv==")
    home = cache_dir() / f"uv-{version}"
    binary = home / "bin" / "uv"
    if not binary.exists():
        say(f"installing uv {version} into the cache")
        home.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix="uv-", dir=home.parent))
        try:
            subprocess.run([sys.executable, "-m", "venv", str(aside)], check=True)
            pip = [str(aside / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
            pip.append("--disable-pip-version-check")
            subprocess.run([*pip, "-r", str(UV_PIN)], check=True)
            if not home.exists():
                aside.rename(home)
        except subprocess.CalledProcessError as error:
            raise stop(
                f"uv could not be installed ({error}).",
                "Install it by hand (https://docs.astral.sh/uv/) or check that pip reaches a package index.",
            ) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return str(binary)


def make(venv: Path) -> None:
    files = requirement_files()
    stamp = venv / ".fingerprint"
    wanted = fingerprint(files)
    if stamp.exists() and stamp.read_text() == wanted and (venv / "bin" / "mlops").exists():
        return
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise stop(
            f"Python {sys.version_info.major}.{sys.version_info.minor} is not supported.",
            "Install Python 3.11, 3.12 or 3.13 and run `make PYTHON=python3.11 …`.",
        )
    system_certificates()
    tool = uv()
    stamp.unlink(missing_ok=True)
    say(f"making {venv.name} from {', '.join(f.name for f in files)}")
    python = str(venv / "bin" / "python")
    base = [tool, "pip", "--quiet"]
    try:
        if not Path(python).exists():
            subprocess.run([tool, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
        # Compiled once here, not in each process where the shell has PYTHONDONTWRITEBYTECODE set.
        sync = [*base, "sync", "--python", python, "--compile-bytecode", "--require-hashes"]
        subprocess.run([*sync, *map(str, files)], check=True)
        editable = [
            "install",
            "--python",
            python,
            "--no-deps",
            "--no-build-isolation",
            *("--config-settings", EDITABLE),
            "--editable",
            str(ROOT),
        ]
        subprocess.run([*base, *editable], check=True)
        if (wheel := kernel.wheel(tool)) is not None:
            install = ["install", "--python", python, "--no-deps", "--no-index", "--reinstall", str(wheel)]
            subprocess.run([*base, *install], check=True)
        link = venv / "bin" / "uv"  # image builds find it here
        link.unlink(missing_ok=True)
        link.symlink_to(tool)
    except subprocess.CalledProcessError as error:
        raise stop(
            f"the packages could not be installed (uv exited with {error.returncode}).",
            "Check that a Python package index is reachable, then run the same command again.",
        ) from error
    aside = stamp.with_suffix(".new")
    aside.write_text(wanted)
    aside.replace(stamp)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    make(parser.parse_args().venv.absolute())


if __name__ == "__main__":
    main()
