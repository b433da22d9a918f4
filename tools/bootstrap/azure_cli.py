"""Put the Azure command line into a virtual environment of its own in the user's cache directory.

Its version and all that it needs are pinned and hashed in environments/requirements/azure-cli.txt. Prints the
path of `az`, which is linked into .venv/bin. Nothing is installed when it is there; `--check` only says
whether it is (exit code 1: no).
Only the standard library is used.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cache import cache_dir, say, stop
from environment import ROOT, system_certificates, uv

REQUIREMENTS = ROOT / "environments" / "requirements" / "azure-cli.txt"
STAMP = ".fingerprint"


def fingerprint() -> str:
    """sha256 of all that decides what the environment holds."""
    return hashlib.sha256(sys.version.encode() + REQUIREMENTS.read_bytes()).hexdigest()


def place() -> Path:
    """The folder of the pinned version."""
    found = re.search(r"^azure-cli==(\S+)", REQUIREMENTS.read_text(), re.MULTILINE)
    if found is None:
        raise stop(f"{REQUIREMENTS.relative_to(ROOT)} names no azure-cli.", "Compile it again: make lock.")
    return cache_dir() / f"azure-cli-{found[1]}"


def complete(folder: Path) -> bool:
    stamp = folder / STAMP
    return stamp.exists() and stamp.read_text() == fingerprint() and (folder / "bin" / "az").exists()


def provide() -> Path:
    """The path of `az`, installed when need be: made aside, then moved to where it stays."""
    folder = place()
    if complete(folder):
        return folder / "bin" / "az"
    system_certificates()
    tool = uv()
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="azure-cli-", dir=folder.parent))
    say(f"installing {folder.name} into the cache: some 400 MB, once for this machine")
    try:
        make = [tool, "venv", "--quiet", "--allow-existing", "--relocatable", "--python", sys.executable]
        subprocess.run([*make, str(aside)], check=True)
        sync = [tool, "pip", "sync", "--quiet", "--python", str(aside / "bin" / "python")]
        subprocess.run([*sync, "--require-hashes", str(REQUIREMENTS)], check=True)
        (aside / STAMP).write_text(fingerprint())
        if not complete(folder):  # else another run was faster
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
    except subprocess.CalledProcessError as error:
        raise stop(
            f"the Azure command line could not be installed (uv exited with {error.returncode}).",
            "Check that a Python package index is reachable, then run the same command again.",
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder / "bin" / "az"


def link(program: Path, own: Path) -> None:
    """`az` beside the environment's other programs, so that `python -m emulator run -- az` finds it."""
    if not own.is_dir():
        return
    aside = own / f".az.{os.getpid()}"
    aside.unlink(missing_ok=True)
    aside.symlink_to(program)
    aside.replace(own / "az")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="install nothing")
    parser.add_argument("--bin", type=Path, default=ROOT / ".venv" / "bin", help="where to link it")
    options = parser.parse_args()
    if options.check and not complete(place()):
        raise SystemExit(1)
    program = provide()
    link(program, options.bin.absolute())
    print(program)


if __name__ == "__main__":
    main()
