"""The operations on keys over HTTP: what is kept of them, and what is done with them."""

from __future__ import annotations

from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric import rsa

from emulator.errors import NotEmulated
from emulator.http import Request
from emulator.keyvault import algorithms
from emulator.keyvault.access import Gate
from emulator.keyvault.algorithms import ENCRYPTION, SIGNING, PrivateKey, Signing
from emulator.keyvault.calls import Call, Json
from emulator.keyvault.errors import bad_parameter
from emulator.keyvault.keys import Keys, base, require_usable
from emulator.keyvault.vaults import Vault
from emulator.principal import Principal


class KeyCall(Call):
    """One authenticated request about keys."""

    KIND = "keys"
    ID = "kid"
    # last segment of the path -> operation
    OPERATIONS: ClassVar[dict[str, str]] = {
        "encrypt": "encrypt",
        "decrypt": "decrypt",
        "wrapkey": "wrapKey",
        "unwrapkey": "unwrapKey",
        "sign": "sign",
        "verify": "verify",
    }

    def __init__(self, request: Request, vault: Vault, principal: Principal, keys: Keys, gate: Gate) -> None:
        super().__init__(request, vault, principal, keys, gate)
        self._keys = keys

    def create(self, name: str) -> Json:
        self._require("create", name)
        return self._whole(name, self._keys.create(self._key, name, self.request.object()))

    def import_(self, name: str) -> Json:
        self._require("import", name)
        return self._whole(name, self._keys.import_(self._key, name, self.request.object()))

    def rotate(self, name: str) -> Json:
        self._require("rotate", name)
        return self._whole(name, self._keys.rotate(self._key, name))

    def get(self, name: str, version: str) -> Json:
        self._require("get", name)
        return self._whole(*self._keys.get(self._key, name, version))

    def update(self, name: str, version: str) -> Json:
        self._require("update", name)
        return self._whole(*self._keys.update(self._key, name, version, self.request.object()))

    def use(self, name: str, version: str, operation: str) -> Json:
        """Sign, verify, encrypt, decrypt, wrap or unwrap."""
        self._require(operation, name)
        name, found = self._keys.get(self._key, name, version)
        require_usable(found, operation)
        body = self.request.object()
        algorithm = str(body.get("alg") or "")
        kid = self._item(name, found, found["version"])["kid"]
        if operation in ("sign", "verify"):
            signing = _signing(algorithm, found, kid)
            digest = _digest(body.get("value" if operation == "sign" else "digest"), algorithm, signing)
            key = self._keys.private(self._key, name, found["version"])
            if operation == "sign":
                return {"kid": kid, "value": algorithms.encoded(algorithms.sign(key, signing, digest))}
            given = algorithms.decoded(body.get("value"))
            return {"value": algorithms.verify(key, signing, digest, given)}
        key = _rsa(algorithm, self._keys.private(self._key, name, found["version"]), kid)
        act = algorithms.encrypt if operation in ("encrypt", "wrapKey") else algorithms.decrypt
        return {
            "kid": kid,
            "value": algorithms.encoded(act(key, algorithm, algorithms.decoded(body.get("value")))),
        }

    def _whole(self, name: str, found: Json) -> Json:
        """A key as everyone who may read it sees it: its public half."""
        item = self._item(name, found, found["version"])
        key = self._keys.private(self._key, name, found["version"])
        jwk = {
            "kid": item.pop("kid"),
            "kty": found["kty"],
            "key_ops": found["key_ops"],
            **algorithms.public_jwk(key),
        }
        return {"key": jwk, **item}


def _signing(algorithm: str, found: Json, kid: str) -> Signing:
    signing = SIGNING.get(algorithm)
    if signing is None:
        if algorithm in ("ES256K", "HS256", "HS384", "HS512", "RSNULL"):
            raise NotEmulated(f"Key Vault: signatures by {algorithm}")
        raise bad_parameter(f"alg is {algorithm!r}; one of {', '.join(SIGNING)}.")
    if signing.kind != base(found["kty"]) or (signing.curve and signing.curve != found["crv"]):
        curve = f" on {signing.curve}" if signing.curve else ""
        raise bad_parameter(
            f"Key and signing algorithm are incompatible. Key {kid} is of type '{found['kty']}'"
            f"{' on ' + found['crv'] if found['crv'] else ''}, and algorithm '{algorithm}' can only be used "
            f"with a key of type '{signing.kind}'{curve}."
        )
    return signing


def _digest(value: object, algorithm: str, signing: Signing) -> bytes:
    digest, length = algorithms.decoded(value, "digest"), signing.hash.digest_size
    if len(digest) != length:
        raise bad_parameter(
            f"Invalid length of 'value': {len(digest)} bytes. {algorithm} requires {length} bytes, encoded "
            "with base64url."
        )
    return digest


def _rsa(algorithm: str, key: PrivateKey, kid: str) -> rsa.RSAPrivateKey:
    if algorithm not in ENCRYPTION:
        if algorithm.startswith(("A128", "A192", "A256", "CKM_")):
            raise NotEmulated(f"Key Vault: encryption by {algorithm}")
        raise bad_parameter(f"alg is {algorithm!r}; one of {', '.join(ENCRYPTION)}.")
    if not isinstance(key, rsa.RSAPrivateKey):
        raise bad_parameter(
            f"Key and encryption algorithm are incompatible. Key {kid} is of type 'EC', and algorithm "
            f"'{algorithm}' can only be used with a key of type 'RSA'."
        )
    return key
