"""The base image that ``FROM python:3.N`` names: a virtual environment of this machine's Python in a tree."""

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

from emulator.images import relocation
from emulator.images.image import ImageConfig
from emulator.images.references import BadReference, Reference, python_minor

PREFIX = "usr/local"
LAYOUT = "1"  # count up when what `make` makes changes
FOLDERS = ("app", "etc", "home", "opt", "root", "srv", "tmp", "usr/local/bin", "var")
_PIP = Path(__file__).parent / "pip"
_SCRIPT = '#!/bin/sh\nexec "$(dirname -- "$(realpath -- "$0")")/python" -m pip "$@"\n'


class BaseError(RuntimeError):
    """The base image could not be made."""


def machine_python() -> Path:
    """The interpreter under the virtual environment that the emulator runs in."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def machine_minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def check(reference: Reference) -> None:
    """Raise BadReference unless the reference is an official Python of this machine's version."""
    if not reference.official_python:
        raise BadReference(
            f"base image {reference}: only docker.io/library/python, public.ecr.aws/docker/library/python and"
            " images of emulated registries can be had"
        )
    minor = python_minor(reference)
    if minor != machine_minor():
        raise BadReference(
            f"base image {reference}: it stands for this machine's Python, which is {machine_minor()};"
            f" run the emulator with Python {minor} or use python:{machine_minor()}"
        )


def config() -> ImageConfig:
    return ImageConfig(
        env={
            "PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "PYTHON_VERSION": ".".join(map(str, sys.version_info[:3])),
        },
        cmd=("python3",),
    )


def key(outside: Mapping[str, str]) -> str:
    """The layer key of the base: the interpreter, its version, and where pip comes from."""
    pip = "uv" if uv_path(outside) else "ensurepip"
    code = "".join(path.read_text() for path in sorted(_PIP.glob("*.py"))) + _SCRIPT
    parts = ["python", LAYOUT, sys.version, str(machine_python()), pip, code if pip == "uv" else ""]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def uv_path(outside: Mapping[str, str]) -> str | None:
    return shutil.which("uv", path=outside.get("PATH"))


def make(root: Path, outside: Mapping[str, str]) -> None:
    """Make the tree at ``root``, which exists and is empty."""
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    prefix = root / PREFIX
    with_uv = uv_path(outside) is not None
    venv.EnvBuilder(symlinks=True, with_pip=False).create(prefix)
    for script in (*(prefix / "bin").glob("[aA]ctivate*"), root / PREFIX / ".gitignore"):
        script.unlink(missing_ok=True)
    interpreter = prefix / "bin" / f"python{machine_minor()}"
    for name in ("python", "python3", interpreter.name):
        (prefix / "bin" / name).unlink(missing_ok=True)
    interpreter.symlink_to(machine_python())
    for name in ("python", "python3"):
        (prefix / "bin" / name).symlink_to(interpreter.name)
    (prefix / "pyvenv.cfg").write_text(
        f"home = {machine_python().parent}\n"
        "include-system-site-packages = false\n"
        f"version = {'.'.join(map(str, sys.version_info[:3]))}\n"
        "relocatable = true\n"
    )
    if with_uv:
        _pip_of_uv(prefix)
    else:
        _pip_of_ensurepip(prefix / "bin" / "python", outside)
        relocation.relocate_scripts(root, prefix / "bin")


def _pip_of_uv(prefix: Path) -> None:
    packages = prefix / "lib" / f"python{machine_minor()}" / "site-packages"
    shutil.copytree(_PIP, packages / "pip", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pip", "pip3", f"pip{machine_minor()}"):
        script = prefix / "bin" / name
        script.write_text(_SCRIPT)
        script.chmod(0o755)


def _pip_of_ensurepip(python: Path, outside: Mapping[str, str]) -> None:
    done = subprocess.run(
        [str(python), "-m", "ensurepip", "--upgrade", "--default-pip"],
        env={**outside, "PYTHONNOUSERSITE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BaseError(
            f"no pip for the base image: {machine_python()} -m ensurepip ended with {done.returncode};"
            f" install uv, or the system's python3-venv package.\n{done.stderr.strip()[-2000:]}"
        )
