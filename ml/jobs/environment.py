"""The training environment: an image built once by content, and the Azure ML environment of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from ml.azure import images
from ml.azure.clients import Azure
from ml.content import sha256_of_files
from ml.errors import MlopsError

if TYPE_CHECKING:
    from azure.ai.ml.entities import Environment

VERSION_LENGTH = 16
CONTEXT = {
    "Dockerfile": "environments/training/Dockerfile",
    "requirements.txt": "environments/requirements/ml.txt",
}


def training_context(root: Path) -> dict[str, bytes]:
    """The build context of the training image. Raises MlopsError when one of its files is missing."""
    missing = [path for path in CONTEXT.values() if not (root / path).is_file()]
    if missing:
        raise MlopsError(
            f"The training image cannot be built without {', '.join(missing)} in {root}.",
            "Restore the file(s) from the repository.",
        )
    return {name: (root / path).read_bytes() for name, path in CONTEXT.items()}


def ensure(azure: Azure, root: Path) -> "Environment":
    """The Azure ML environment whose version is the context's hash; built only when there is none yet."""
    from azure.ai.ml.entities import Environment
    from azure.core.exceptions import ResourceNotFoundError

    context = training_context(root)
    digest = sha256_of_files(context)
    name, version = azure.settings.training.environment, digest[:VERSION_LENGTH]
    try:
        known = azure.granted(lambda: azure.ml.environments.get(name, version=version), "read environments")
        azure.report.line(f"environment {name}:{version} exists")
        return known
    except ResourceNotFoundError:
        azure.report.line(f"environment {name}:{version} does not exist: building its image")
    image = images.build(azure, name, version, context)
    environment = Environment(
        name=name,
        version=version,
        image=image.reference,
        description="Python with the packages of environments/requirements/ml.txt",
        tags={"context": digest},
    )
    return azure.granted(lambda: azure.ml.environments.create_or_update(environment), "create environments")
