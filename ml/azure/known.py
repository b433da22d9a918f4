"""The errors of the Azure SDKs as those that a person can act on."""

from ml.azure.clients import first_lines
from ml.errors import MlopsError


def known(error: Exception) -> MlopsError | None:
    """An error of the Azure SDKs as MlopsError; None for a mistake of this program."""
    if isinstance(error, MlopsError):
        return error
    if not type(error).__module__.startswith("azure."):
        return None
    kind = type(error).__name__
    if kind in ("ClientAuthenticationError", "CredentialUnavailableError"):
        return MlopsError(
            "Azure does not know who is calling: no credential worked.",
            "Run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.",
            first_lines(error),
        )
    if kind in ("ServiceRequestError", "ServiceRequestTimeoutError", "ServiceResponseError"):
        return MlopsError(
            "Azure cannot be reached from here.",
            "Check the network, HTTPS_PROXY, and that this machine is in the estate's allow-listed ranges.",
            first_lines(error),
        )
    return MlopsError(
        f"Azure refused a call ({kind}).",
        "Correct what its words name, then run the command again.",
        first_lines(error, 8),
    )
