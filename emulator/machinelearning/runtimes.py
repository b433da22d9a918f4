"""Finds what a job's environment is here: an image of an emulated registry, or a virtual environment."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.arm.store import Store
from emulator.images.image import ImageError
from emulator.images.store import Images
from emulator.machinelearning import condaenv
from emulator.machinelearning.condaenv import EnvironmentProblem
from emulator.processes import Processes

Json = dict[str, Any]
REGISTRY = "Microsoft.ContainerRegistry/registries"
EMULATED_IMAGE = re.compile(r"(?P<registry>[a-z0-9]+)\.azurecr\.io/.+", re.IGNORECASE)
PASSED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TZ",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)


@dataclass(frozen=True, slots=True)
class Runtime:
    """How a command line becomes a process."""

    shell: str
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def argv(self, command: str) -> list[str]:
        return [self.shell, "-c", command]


class Runtimes:
    """Resolution of environments; EnvironmentProblem names the one that cannot be had and says what to do."""

    def __init__(self, store: Store, images: Images, processes: Processes) -> None:
        self._store = store
        self._images = images
        self._processes = processes

    def check(self, environment: Json, *, now: bool = True) -> None:
        """Say at once what ``prepare`` would refuse, without building anything.

        now: an image must be in its registry; else it may still be built
        """
        name, properties = title(environment), environment["properties"]
        if properties.get("build"):
            raise EnvironmentProblem(
                f"{name} is built from a context, which is not emulated. Build the image in a registry "
                "and name it in the environment's 'image'."
            )
        image = str(properties.get("image") or "")
        if EMULATED_IMAGE.fullmatch(image) and properties.get("condaFile"):
            raise EnvironmentProblem(
                f"{name}: a conda_file on top of image {image} is not emulated. Install its packages in the "
                "image, or leave the image out."
            )
        if EMULATED_IMAGE.fullmatch(image) and not now:
            return
        if EMULATED_IMAGE.fullmatch(image):
            try:
                self._images.resolve(image)
            except (ImageError, ValueError) as error:
                raise EnvironmentProblem(
                    f"{name}: image {image} cannot be had: {error}. Build or import it into that registry."
                ) from error
        elif properties.get("condaFile"):
            condaenv.parse(name, properties["condaFile"])
        else:
            raise EnvironmentProblem(
                f"{name}: image {image!r} is in no emulated registry, and there is no "
                "conda_file. Give the image of an emulated registry (NAME.azurecr.io/REPOSITORY@DIGEST), "
                "or add a conda_file with pip dependencies."
            )

    def registry_of(self, environment: Json) -> Json | None:
        """The registry that the environment's image is pulled from, None when it comes from elsewhere."""
        match = EMULATED_IMAGE.fullmatch(str(environment["properties"].get("image") or ""))
        if match is None:
            return None
        registries = self._store.by_type(REGISTRY)
        return next((item for item in registries if item["name"].lower() == match["registry"].lower()), None)

    def prepare(self, environment: Json, log: Path, check: Callable[[], None]) -> Runtime:
        """The runtime, built if need be; what a build says goes to ``log``, and ``check`` may end it."""
        self.check(environment)
        properties = environment["properties"]
        base = {key: value for key in PASSED if (value := os.environ.get(key))}
        if properties.get("condaFile"):
            name = title(environment)
            builder = condaenv.Builder(self._processes, name, log, check)
            folder = builder.ensure(condaenv.parse(name, properties["condaFile"]))
            path = os.pathsep.join([str(folder / "bin"), base.get("PATH", os.defpath)])
            return Runtime(
                _shell(), {**base, "PATH": path, "VIRTUAL_ENV": str(folder), "PYTHONNOUSERSITE": "1"}
            )
        image = self._images.resolve(properties["image"])
        argv, _, overlay = image.spawn_spec(["/bin/sh"])
        return Runtime(shutil.which("bash", path=overlay.get("PATH")) or argv[0], {**base, **overlay})


def title(environment: Json) -> str:
    """``environment NAME:VERSION`` for messages."""
    segments = environment["id"].split("/")
    return f"environment {segments[-3]}:{segments[-1]}"


def _shell() -> str:
    return shutil.which("bash") or "/bin/sh"
