"""The training environment: an image built once by content, and the Azure ML environment of it."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ml.azure import images, registry
from ml.azure.assets import version_of
from ml.azure.clients import Azure
from ml.azure.images import Image
from ml.content import sha256_of_files
from ml.errors import MlopsError
from ml.jobs.closure import files_of

VERSION_LENGTH = 16
CONTEXT = {
    "Dockerfile": "environments/training/Dockerfile",
    "requirements.txt": "environments/requirements/training.txt",
    "kernel.txt": "environments/requirements/kernel.txt",
    "openmp.py": "environments/training/openmp.py",
}
KERNEL = "scoring.kernel.build"  # compiles the machine code in the image's first stage
KERNEL_FOLDER = "scoring/kernel/"


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of the workspace. image: by its digest."""

    name: str
    version: str
    image: str


def training_context(root: Path) -> dict[str, bytes]:
    """The build context of the training image. Raises MlopsError when one of its files is missing."""
    missing = [path for path in CONTEXT.values() if not (root / path).is_file()]
    if missing:
        raise MlopsError(
            f"The training image cannot be built without {', '.join(missing)} in {root}.",
            "Restore the file(s) from the repository.",
        )
    kernel = {path: path for path in files_of(root, (KERNEL,)) if path.startswith(KERNEL_FOLDER)}
    return {name: (root / path).read_bytes() for name, path in {**CONTEXT, **kernel}.items()}


def ensure(azure: Azure, root: Path, rebuild: bool) -> Environment:
    """The newest Azure ML environment of this context; its image is built when there is none, or `rebuild`.

    Its version is made of the context's hash and the registry's key: a registry that was made anew does not
    have the image. One that somebody deleted is built again. A version is never changed: each build of a
    context takes the next one. Of two that build it in the same moment Azure refuses the second one, which
    takes the environment of the first. Raises MlopsError, and HttpResponseError.
    """
    from azure.core.exceptions import HttpResponseError

    context = training_context(root)
    digest = sha256_of_files(context)
    name, base = (
        azure.settings.training.environment,
        f"{digest[:VERSION_LENGTH]}-{images.registry_key(azure)}",
    )
    known, version = _newest(azure, name, base)
    if known is not None and not rebuild and _usable(azure, known):
        azure.report.line(f"environment {name}:{known.version} exists")
        return known
    azure.report.line(f"building the image of the environment {name}:{version}")
    image = images.build(azure, name, version, context)
    said = {
        "image": image.reference,
        "description": "Python with the packages of environments/requirements/training.txt",
        "isAnonymous": False,
        "isArchived": False,
        "tags": {"context": digest},
    }
    path = version_of("environments", f"{name}:{version}")
    try:
        azure.assets.write(path, {"properties": said}, "create environments")
    except HttpResponseError:
        made = _made(azure, name, version)
        if made is None:
            raise
        azure.report.line(f"environment {name}:{version} was made meanwhile")
        return made
    return Environment(name, version, image.reference)


def _usable(azure: Azure, known: Environment) -> bool:
    """Whether the registry has not lost the environment's image."""
    image = Image.of(known.image)
    return image is None or registry.still_held(azure, image)


def _newest(azure: Azure, name: str, base: str) -> tuple[Environment | None, str]:
    """The newest environment whose version begins with `base`, if any, and the version after it."""
    known: Environment | None = None
    version = base
    for attempt in count(2):
        found = _made(azure, name, version)
        if found is None:
            break
        known, version = found, f"{base}-{attempt}"
    return known, version


def _made(azure: Azure, name: str, version: str) -> Environment | None:
    """The environment of this version; None where there is none."""
    found = azure.assets.read(version_of("environments", f"{name}:{version}"), "read environments")
    if found is None:
        return None
    return Environment(name, version, str(found["properties"].get("image") or ""))
