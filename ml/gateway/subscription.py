"""The subscription by which `mlops` itself calls through the gateway: tests, loads, scores.

Its key is a secret of the estate's Key Vault, so that whoever may read that calls, without a right at the
gateway. With it, and it alone, a revision may be asked by its name (infra/gateway/api.xml).
"""

from typing import TYPE_CHECKING, Final

from infra.gateway import PRODUCT
from ml.azure.management import Management
from ml.gateway.place import API, service_of

if TYPE_CHECKING:
    from ml.azure.clients import Azure

MLOPS: Final = "mlops"
KEY_HEADER: Final = "Ocp-Apim-Subscription-Key"
REVISION_HEADER: Final = "x-revision"


def ensure(azure: "Azure", key: str) -> None:
    """The subscription, approved, with this key."""
    properties = {
        "displayName": "mlops: tests and scores of the command line",
        "scope": f"/products/{PRODUCT}",
        "state": "active",
        "primaryKey": key,
    }
    management = Management(azure, API)
    azure.granted(
        lambda: management.put(_path(azure), {"properties": properties}), "subscribe at the gateway"
    )


def remove(azure: "Azure") -> None:
    """A product with a subscription cannot be deleted; none is no error."""
    Management(azure, API).delete(_path(azure))


def _path(azure: "Azure") -> str:
    return f"{service_of(azure.estate)}/subscriptions/{MLOPS}"
