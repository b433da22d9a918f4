"""The approvers' key in Key Vault: they alone sign with it, everybody can verify."""

import hashlib
from typing import TYPE_CHECKING, Any, Final

from ml.approval import envelope
from ml.errors import MlopsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from ml.azure.clients import Azure

NAME: Final = "approvals-{environment}"
HALF: Final = 32  # bytes of each of a signature's two numbers, on P-256


def _vault(azure: "Azure") -> str:
    vault = azure.estate.release_vault
    if vault is None:
        environment = azure.estate.environment
        raise MlopsError(
            f"The environment {environment} names no vault with the approvers' key.",
            f"Set releases.vault in Pulumi.{environment}.yaml to the bootstrap's output vault, and run "
            f"`pulumi up -s {environment}`.",
        )
    return f"https://{vault}.vault.azure.net"


def signed(azure: "Azure", environment: str, payload: bytes) -> bytes:
    """The envelope of a payload. Raises MlopsError where the caller may not sign."""
    from azure.core.exceptions import HttpResponseError
    from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    key_id = f"{_vault(azure)}/keys/{NAME.format(environment=environment)}"
    digest = hashlib.sha256(envelope.to_be_signed(payload)).digest()
    try:
        made = CryptographyClient(key_id, azure.credential, **azure.limits).sign(
            SignatureAlgorithm.es256, digest
        )
    except HttpResponseError as error:
        if error.status_code != 403:
            raise
        raise MlopsError(
            f"You may not sign with the approvers' key of {environment}.",
            f"Have a member of the approvers' group of {environment} approve it; who was added just now "
            "waits some minutes.",
            [line for line in str(error.message).splitlines() if line.strip()][:4],
        ) from error
    r, s = (int.from_bytes(part, "big") for part in (made.signature[:HALF], made.signature[HALF:]))
    return envelope.sealed(payload, str(made.key_id), encode_dss_signature(r, s))


def public(azure: "Azure", environment: str, key_id: str = "") -> "EllipticCurvePublicKey":
    """The key, in the version that `key_id` names ("": the latest). Raises MlopsError for another key."""
    from azure.core.exceptions import ResourceNotFoundError
    from azure.keyvault.keys import KeyClient
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers

    vault, name = _vault(azure), NAME.format(environment=environment)
    prefix = f"{vault}/keys/{name}/"
    if key_id and not key_id.startswith(prefix):
        raise MlopsError(
            f"The approval is signed by {key_id}, which is not the approvers' key of {environment}.",
            f"Have it approved with {prefix}…: `mlops approve` does so.",
        )
    client = KeyClient(vault, azure.credential, **azure.limits)
    version = key_id.removeprefix(prefix) or None
    try:
        found = azure.granted(lambda: client.get_key(name, version), "read the approvers' key")
    except ResourceNotFoundError as error:
        raise MlopsError(
            f"The approvers' key {name}{f' ({version})' if version else ''} is not in {vault}.",
            "Run the bootstrap (docs/azure.md), or have the release approved with the key that there is.",
        ) from error
    key: Any = found.key
    usable = found.properties.enabled is not False
    if not usable or getattr(key, "crv", None) != "P-256" or not key.x or not key.y:
        raise MlopsError(
            f"The approvers' key {name} is {'no key of the curve P-256' if usable else 'disabled'}.",
            "Have the release approved with a key that is in use.",
        )
    x, y = (int.from_bytes(part, "big") for part in (key.x, key.y))
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()


def pem(key: "EllipticCurvePublicKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
