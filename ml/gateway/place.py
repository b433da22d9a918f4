"""Where the gateway is, and what stands in it under which name."""

from typing import TYPE_CHECKING, Final

from ml.errors import MlopsError

if TYPE_CHECKING:
    from infra.outputs import EstateOutputs

API: Final = "2024-05-01"


def service_of(estate: "EstateOutputs") -> str:
    """The resource id of API Management. Raises MlopsError for an estate without a gateway."""
    if estate.gateway is None or estate.gateway_pool is None:
        raise MlopsError(
            f"The environment {estate.environment} has no gateway, which would split requests.",
            f"Add the section `gateway` to Pulumi.{estate.environment}.yaml and run `pulumi up`, "
            "or name another environment.",
        )
    return (
        f"/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}"
        f"/providers/Microsoft.ApiManagement/service/{estate.gateway}"
    )
