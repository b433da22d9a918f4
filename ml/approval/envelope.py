"""DSSE: a statement and signatures over it, as one JSON document that anybody can verify with a public key.

https://github.com/secure-systems-lab/dsse, version 1.0.2; ECDSA signatures are in DER, as in-toto has them.
"""

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
LARGEST: Final = 1 << 20  # bytes of an envelope


def to_be_signed(payload: bytes) -> bytes:
    """The pre-authentication encoding: type and payload, each with its length."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sealed(payload: bytes, key_id: str, signature: bytes) -> bytes:
    """The envelope."""
    signatures = [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}]
    document = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": signatures,
    }
    return json.dumps(document, indent=2, sort_keys=True).encode()


def opened(content: bytes) -> tuple[bytes, str, bytes]:
    """Payload, key id and signature of an envelope with one signature. Raises MlopsError, as nothing of it is
    verified yet."""
    try:
        if len(content) > LARGEST:
            raise ValueError(f"it has {len(content)} bytes")
        document: Any = json.loads(content)
        if document["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(f"payloadType is {str(document['payloadType'])[:80]!r}")
        (signature,) = document["signatures"]
        return (
            base64.b64decode(document["payload"], validate=True),
            str(signature.get("keyid") or ""),
            base64.b64decode(signature["sig"], validate=True),
        )
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise MlopsError(
            f"The record is no DSSE envelope of an in-toto statement with one signature: {error}.",
            "Have it approved again: what stands there was not written by `mlops approve`.",
        ) from error


def verified(content: bytes, key: "EllipticCurvePublicKey") -> bytes:
    """The payload of an envelope that the key has signed. Raises MlopsError where it has not."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    payload, key_id, signature = opened(content)
    try:
        key.verify(signature, to_be_signed(payload), ECDSA(SHA256()))
    except InvalidSignature as error:
        raise MlopsError(
            f"The signature (said to be of {key_id or 'no key'}) is not of the approvers' key over this "
            "statement: either of them was changed.",
            "Do not deploy it. Find out who wrote the record, and have the release approved again.",
        ) from error
    return payload


def public_key(pem: bytes, where: str) -> "EllipticCurvePublicKey":
    """The public key of a PEM file. Raises MlopsError where it is none of a P-256 key."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise MlopsError(
            f"{where} holds no public key in PEM: {error}.", "Name the file that `mlops release key` writes."
        ) from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise MlopsError(
            f"{where} holds a key that is not of the curve P-256.", "Name the approvers' public key."
        )
    return key
