"""A release's image into production's registry, by digest: the same artifact, and nothing is built again."""

from typing import TYPE_CHECKING, Final

from ml.azure.images import Image
from ml.azure.registry import RegistryApi
from ml.production.management import Management

if TYPE_CHECKING:
    from infra.outputs import EstateOutputs
    from ml.azure.clients import Azure
    from ml.release import Release

API: Final = "2023-07-01"


def registry_id(estate: "EstateOutputs") -> str:
    return (
        f"/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}"
        f"/providers/Microsoft.ContainerRegistry/registries/{estate.registry}"
    )


def ensure(azure: "Azure", source: "EstateOutputs", release: "Release") -> bool:
    """Import the image from the registry of `source`, unless it is there. Returns whether it was imported.

    Azure copies it from registry to registry: neither has to reach the other's network, nor has this machine.
    """
    estate = azure.estate
    wanted = Image(estate.registry_login_server, release.image_repository, release.image_digest)
    if RegistryApi(azure, estate.registry_login_server).holds(wanted).there:
        return False
    body = {
        "source": {
            "resourceId": registry_id(source),
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
