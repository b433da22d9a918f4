"""A release's image into production's registry, by digest: the same artifact, and nothing is built again."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ml.azure.images import Image
from ml.azure.management import Management
from ml.azure.registry import RegistryApi
from ml.errors import MlopsError

if TYPE_CHECKING:
    from infra.outputs import EstateOutputs
    from ml.azure.clients import Azure
    from ml.release import Release

API: Final = "2023-07-01"


def registry_id(estate: "EstateOutputs") -> str:
    return _id(estate.subscription_id, estate.resource_group, estate.registry)


def registry_of(environment: str, root: Path) -> str:
    """The id of another environment's registry, by its stack file: nobody here may open its state.

    Raises MlopsError where there is no such environment, or its settings are wrong.
    """
    from infra.config_errors import ConfigError
    from infra.stack_file import NoStackFile, settings_of

    try:
        settings = settings_of(environment, root)
    except (NoStackFile, ConfigError) as error:
        raise MlopsError(
            f"Where {environment} keeps its images is not known: {str(error).splitlines()[0]}.",
            f"Correct Pulumi.{environment}.yaml in this checkout.",
        ) from error
    names = settings.names()
    return _id(settings.azure.subscription_id, names.of("resource_group"), names.of("registry"))


def _id(subscription: str, group: str, registry: str) -> str:
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.ContainerRegistry/registries/{registry}"
    )


def ensure(azure: "Azure", source: str, release: "Release") -> bool:
    """Import the image from the registry whose id is `source`, unless it is there. Returns whether it was.

    Azure copies it from registry to registry: neither has to reach the other's network, nor has this machine.
    """
    estate = azure.estate
    wanted = Image(estate.registry_login_server, release.image_repository, release.image_digest)
    if RegistryApi(azure, estate.registry_login_server).holds(wanted).there:
        return False
    body = {
        "source": {
            "resourceId": source,
            "sourceImage": f"{release.image_repository}@{release.image_digest}",
        },
        "untaggedTargetRepositories": [release.image_repository],
        "mode": "NoForce",
    }
    management = Management(azure, API)
    azure.granted(
        lambda: management.act(f"{registry_id(estate)}/importImage", body, "import the image"),
        "import the image",
    )
    return True
