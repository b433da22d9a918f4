"""Virtual environments from the pip part of a conda file, kept by content in the user's cache directory."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from emulator.environment import outside
from emulator.processes import Processes

LOCK = threading.Lock()
INSTALL_TIMEOUT_S = 1800
LOOK_EVERY_S = 0.1
GRACE_S = 2.0
PROBE_S = 20.0
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
VERSIONS = tuple(f"3.{minor}" for minor in range(14, 7, -1))  # when a range leaves this Python out
DEPENDENCY = re.compile(r"\s*(?:[\w.-]+::)?(?P<package>[A-Za-z_][\w.-]*?)\s*(?P<version>[\s=<>!~].*)?\s*")
# What a virtual environment is made with, and the version that then runs in it.
PROBE = "import ensurepip, sys, venv; print(*sys.version_info[:2], sep='.')"


class EnvironmentProblem(ValueError):
    """The environment cannot be made here; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """The part of a conda file that can be had here."""

    python: str  # "3.11", or "" for any
    packages: tuple[str, ...]

    @property
    def key(self) -> str:
        """A name that is the same for the same content and the same interpreter."""
        text = "\n".join([interpreter(self.python) or self.python, sys.version, *self.packages])
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def parse(name: str, conda_file: str) -> Requirements:
    """The requirements of a conda file; EnvironmentProblem names what cannot be had without conda."""
    try:
        body: Any = yaml.safe_load(conda_file)
        dependencies: list[Any] = body["dependencies"]
    except (
        yaml.YAMLError,
        KeyError,
        TypeError,
        RecursionError,
    ) as error:  # RecursionError: it is nested too deeply
        raise EnvironmentProblem(f"{name}: its conda file is no YAML with 'dependencies': {error}") from error
    python, packages = "", list[str]()
    for entry in dependencies:
        if isinstance(entry, dict) and set(entry) == {"pip"}:
            packages += [str(package) for package in entry["pip"]]
            continue
        match = DEPENDENCY.fullmatch(str(entry))
        package = match["package"] if match else ""
        if match and package == "python":
            python = _wanted(name, (match["version"] or "").replace(" ", ""))
        elif package not in ("pip", "setuptools", "wheel"):
            raise EnvironmentProblem(
                f"{name}: its conda file asks conda for {str(entry)!r}; there is no conda here. "
                "Put the package under 'pip:', or use an image of an emulated registry."
            )
    if interpreter(python) is None:
        which = "; ".join(_why_not(path, python) for path in _named(python))
        raise EnvironmentProblem(
            f"{name}: its conda file asks for Python {python}, and "
            f"{which or f'there is no python{python} on PATH'}. Install it, or ask for {OWN}."
        )
    return Requirements(python, tuple(packages))


def interpreter(version: str) -> str | None:
    """A Python of the version ("3.11"), None when this machine has none."""
    if version in ("", f"{sys.version_info.major}", OWN):
        return sys.executable
    return next((path for path in _named(version) if not _why_not(path, version)), None)


def _wanted(name: str, constraint: str) -> str:
    """The version that a conda file's ``python`` is to have here, "" for any: this one where it may be."""
    exact = constraint.lstrip("=").removesuffix("*").removesuffix(".")
    if not exact:
        return ""
    if re.fullmatch(r"\d+(\.\d+)*", exact):
        return ".".join(exact.split(".")[:2])
    try:
        allowed = SpecifierSet(constraint)
    except InvalidSpecifier as error:
        raise EnvironmentProblem(
            f"{name}: its conda file asks for Python {constraint!r}, which is no version; write "
            f"'python={OWN}'."
        ) from error
    if platform.python_version() in allowed:
        return OWN
    fitting = [version for version in VERSIONS if allowed.contains(f"{version}.99")]
    found = next((version for version in fitting if interpreter(version) is not None), None)
    if found is None:
        raise EnvironmentProblem(
            f"{name}: its conda file asks for Python {constraint}, and none such runs here. Install one, or "
            f"allow {OWN}."
        )
    return found


def _named(version: str) -> list[str]:
    """Every ``python3.x`` of a version on PATH, in its order."""
    folders = outside().get("PATH", os.defpath).split(os.pathsep)
    return [found for folder in folders if (found := shutil.which(f"python{version}", path=folder))]


def _why_not(path: str, version: str) -> str:
    """Why no environment can be made with a Python of the version at ``path``; "" when one can.

    A version manager's shim stands on PATH for each version that it ever had, and fails when it is called.
    """
    try:
        said = _probed(path)
    except EnvironmentProblem as problem:
        return str(problem)
    return "" if said == version else f"{path} is Python {said}"


@lru_cache  # an exception is not cached: what is installed later is found
def _probed(path: str) -> str:
    """The version ("3.11") of a Python that can make environments; EnvironmentProblem when it cannot."""
    try:
        asked = subprocess.run(
            [path, "-c", PROBE], env=outside(), capture_output=True, text=True, timeout=PROBE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentProblem(f"{path} does not run: {error}") from error
    if asked.returncode:
        said = (asked.stderr or asked.stdout).strip().splitlines()
        raise EnvironmentProblem(f"{path} does not run: {said[0] if said else f'exit {asked.returncode}'}")
    return asked.stdout.strip()


def cache_root() -> Path:
    """Where environments are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mlops-estate" / "environments"


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds for one job. ``check`` raises when the job was asked to end: the build ends with it."""

    processes: Processes
    name: str  # the environment's, for messages
    log: Path  # gets what the build says
    check: Callable[[], None]

    def ensure(self, requirements: Requirements) -> Path:
        """The folder of the virtual environment, built if need be."""
        folder = cache_root() / requirements.key
        while not LOCK.acquire(timeout=LOOK_EVERY_S):
            self.check()
        try:
            if not (folder / "bin" / "python").exists():
                self._build(requirements, folder)
        finally:
            LOCK.release()
        return folder

    def _build(self, requirements: Requirements, folder: Path) -> None:
        python = interpreter(requirements.python) or sys.executable
        aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}")
        aside.parent.mkdir(parents=True, exist_ok=True)
        without_pip = [] if requirements.packages else ["--without-pip"]
        try:
            self._run([python, "-m", "venv", *without_pip, str(aside)])
            if requirements.packages:
                installer = [
                    str(aside / "bin" / "python"),
                    "-m",
                    "pip",
                    "install",
                    "--disable-pip-version-check",
                    "--quiet",
                ]
                self._run([*installer, *requirements.packages])
            # scripts name their interpreter by its place: the last step is to give them the final one
            for script in (aside / "bin").iterdir():
                if not script.is_symlink() and script.is_file():
                    script.write_bytes(script.read_bytes().replace(str(aside).encode(), str(folder).encode()))
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _run(self, argv: list[str]) -> None:
        with self.log.open("a") as output:
            output.write(f"$ {' '.join(argv)}\n")
        self.check()
        try:
            handle = self.processes.start(
                f"environment {self.name}", argv, cwd=self.log.parent, env=outside(), log=self.log
            )
        except RuntimeError:
            self.check()  # raises when the emulator goes down, and the job with it
            raise
        code, deadline = None, time.monotonic() + INSTALL_TIMEOUT_S
        try:
            while (code := handle.poll()) is None:
                self.check()
                if time.monotonic() > deadline:
                    raise EnvironmentProblem(f"{self.name}: {argv[2]} took more than {INSTALL_TIMEOUT_S} s")
                handle.ended.wait(LOOK_EVERY_S)
        finally:
            if code is None:
                handle.terminate(GRACE_S)
        self.check()
        if code:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
            raise EnvironmentProblem(f"{self.name}: building its environment failed:\n{tail}")
