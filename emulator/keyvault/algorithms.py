"""What keys do: JSON web keys, signatures and encryption, by the algorithms that Key Vault names."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from emulator.keyvault.errors import bad_parameter

Json = dict[str, Any]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

SIZES: Final = (2048, 3072, 4096)
CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
RSA_OPERATIONS: Final = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
EC_OPERATIONS: Final = ("sign", "verify")


@dataclass(frozen=True, slots=True)
class Signing:
    """One signature algorithm. curve: of an EC key; padding: of an RSA key."""

    hash: hashes.HashAlgorithm
    curve: str = ""
    padding: str = ""

    @property
    def kind(self) -> str:
        return "EC" if self.curve else "RSA"


SIGNING: Final[dict[str, Signing]] = {
    "RS256": Signing(hashes.SHA256(), padding="PKCS1"),
    "RS384": Signing(hashes.SHA384(), padding="PKCS1"),
    "RS512": Signing(hashes.SHA512(), padding="PKCS1"),
    "PS256": Signing(hashes.SHA256(), padding="PSS"),
    "PS384": Signing(hashes.SHA384(), padding="PSS"),
    "PS512": Signing(hashes.SHA512(), padding="PSS"),
    "ES256": Signing(hashes.SHA256(), curve="P-256"),
    "ES384": Signing(hashes.SHA384(), curve="P-384"),
    "ES512": Signing(hashes.SHA512(), curve="P-521"),
}


def _oaep(algorithm: hashes.HashAlgorithm) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(algorithm), algorithm, None)


ENCRYPTION: Final[dict[str, Callable[[], padding.AsymmetricPadding]]] = {
    "RSA1_5": padding.PKCS1v15,
    "RSA-OAEP": lambda: _oaep(hashes.SHA1()),  # noqa: S303  the name's own algorithm
    "RSA-OAEP-256": lambda: _oaep(hashes.SHA256()),
}


def encoded(data: bytes) -> str:
    """Base64 for URLs without padding, as JSON web keys have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(value: Any, name: str = "value") -> bytes:
    """The bytes of such a text; 400 BadParameter."""
    try:
        if not isinstance(value, str):
            raise ValueError("a text is needed")
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise bad_parameter(f"Property {name} has invalid value: base64url is needed ({error}).") from error


def generate(kind: str, size: int, curve: str) -> PrivateKey:
    """A new key: RSA of ``size`` bits, or EC on ``curve``."""
    if kind == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=size)
    return ec.generate_private_key(CURVES[curve])


def pem(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def loaded(text: str) -> PrivateKey:
    key = load_pem_private_key(text.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError(f"a {type(key).__name__} was kept as a key of a vault")
    return key


def public_jwk(key: PrivateKey) -> Json:
    """The members of the JSON web key that everyone may know."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"n": _number(numbers.n), "e": _number(numbers.e)}
    point, length = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
    return {"crv": curve_of(key), "x": _number(point.x, length), "y": _number(point.y, length)}


def curve_of(key: ec.EllipticCurvePrivateKey) -> str:
    return next(name for name, curve in CURVES.items() if curve.name == key.curve.name)


def from_jwk(jwk: Json) -> PrivateKey:
    """A private key that somebody else made; 400 BadParameter where it is none."""
    kind = str(jwk.get("kty", "")).removesuffix("-HSM")

    def number(name: str) -> int:
        return int.from_bytes(decoded(jwk.get(name), name), "big")

    try:
        if kind == "RSA":
            public = rsa.RSAPublicNumbers(number("e"), number("n"))
            return rsa.RSAPrivateNumbers(
                *(number(name) for name in ("p", "q", "d", "dp", "dq", "qi")), public_numbers=public
            ).private_key()
        curve = CURVES.get(str(jwk.get("crv")))
        if kind != "EC" or curve is None:
            shape = f"kty is {jwk.get('kty')!r} with crv {jwk.get('crv')!r}"
            raise bad_parameter(f"{shape}; RSA, or EC on one of {', '.join(CURVES)}, is needed.")
        point = ec.EllipticCurvePublicNumbers(number("x"), number("y"), curve)
        return ec.EllipticCurvePrivateNumbers(number("d"), point).private_key()
    except ValueError as error:
        raise bad_parameter(f"The key that is to be imported is not valid: {error}.") from error


def sign(key: PrivateKey, algorithm: Signing, digest: bytes) -> bytes:
    """A signature of a digest; those of EC are both numbers, one behind the other."""
    prehashed = utils.Prehashed(algorithm.hash)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, _padding(algorithm), prehashed)
    r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(prehashed)))
    length = (key.curve.key_size + 7) // 8
    return r.to_bytes(length, "big") + s.to_bytes(length, "big")


def verify(key: PrivateKey, algorithm: Signing, digest: bytes, signature: bytes) -> bool:
    prehashed = utils.Prehashed(algorithm.hash)
    try:
        if isinstance(key, rsa.RSAPrivateKey):
            key.public_key().verify(signature, digest, _padding(algorithm), prehashed)
            return True
        length = (key.curve.key_size + 7) // 8
        if len(signature) != 2 * length:
            return False
        r, s = (int.from_bytes(part, "big") for part in (signature[:length], signature[length:]))
        key.public_key().verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(prehashed))
    except InvalidSignature:
        return False
    return True


def encrypt(key: rsa.RSAPrivateKey, algorithm: str, data: bytes) -> bytes:
    try:
        return key.public_key().encrypt(data, ENCRYPTION[algorithm]())
    except ValueError as error:
        words = f"{len(data)} bytes are too many for {algorithm} with this key"
        raise bad_parameter(f"Property value has invalid value: {words}.") from error


def decrypt(key: rsa.RSAPrivateKey, algorithm: str, data: bytes) -> bytes:
    try:
        return key.decrypt(data, ENCRYPTION[algorithm]())
    except ValueError as error:
        raise bad_parameter("The parameter is incorrect: nothing can be decrypted from value.") from error


def _padding(algorithm: Signing) -> padding.AsymmetricPadding:
    if algorithm.padding == "PKCS1":
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(algorithm.hash), algorithm.hash.digest_size)


def _number(value: int, length: int = 0) -> str:
    return encoded(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))
