"""Keys of a vault: what a version of one is, and what may be done with it when."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric import rsa

from emulator.errors import NotEmulated
from emulator.keyvault import algorithms
from emulator.keyvault.algorithms import CURVES, EC_OPERATIONS, RSA_OPERATIONS, SIZES, PrivateKey
from emulator.keyvault.errors import VaultError, bad_parameter
from emulator.keyvault.versioned import Versioned, given_attributes

KINDS: Final = ("RSA", "EC", "RSA-HSM", "EC-HSM")
# What a key does outside the time from nbf to exp: nobody is locked out of what it once sealed.
ALWAYS: Final = ("decrypt", "unwrapKey", "verify")

Json = dict[str, Any]


class Keys(Versioned):
    """All keys of all vaults. A version is ``{version, kty, size, crv, pem, key_ops, tags, attributes}``;
    ``pem`` is "" until somebody asks for a key that ARM made: a large RSA key takes a second."""

    KIND = "keyvault-key"
    NOUN = "Key"

    def create(self, vault: str, name: str, body: Json, *, later: bool = False) -> Json:
        """A new version, generated here. later: when it is first used."""
        self._check_name(name)
        named = str(body.get("kty") or "")
        if named not in KINDS:
            raise _kind(named)
        kind = base(named)
        size, curve = body.get("key_size"), body.get("crv")
        if kind == "RSA":
            size = 2048 if size is None else size
            if size not in SIZES:
                raise bad_parameter(f"key_size is {size!r}; one of {', '.join(map(str, SIZES))}.")
        elif (curve := curve or "P-256") not in CURVES:
            raise bad_parameter(f"crv is {curve!r}; one of {', '.join(CURVES)}.")
        if body.get("public_exponent") not in (None, 65537):
            raise NotEmulated("Key Vault: keys with a public exponent of their own")
        shape: Json = {
            "kty": named,
            "size": size if kind == "RSA" else None,
            "crv": curve if kind == "EC" else None,
            "pem": "" if later else algorithms.pem(algorithms.generate(kind, size or 0, curve or "")),
        }
        return self._keep(vault, name, shape, body)

    def import_(self, vault: str, name: str, body: Json) -> Json:
        """A new version of a key that was made elsewhere."""
        self._check_name(name)
        jwk = body.get("key")
        if not isinstance(jwk, dict):
            raise bad_parameter("Property key has invalid value: a JSON web key is needed.")
        jwk = cast(Json, jwk)
        if jwk.get("kty") not in KINDS:
            raise _kind(str(jwk.get("kty")))
        key = algorithms.from_jwk(jwk)
        of_rsa = isinstance(key, rsa.RSAPrivateKey)
        if of_rsa and key.key_size not in SIZES:
            raise bad_parameter(f"The key has {key.key_size} bits; {', '.join(map(str, SIZES))} are allowed.")
        shape: Json = {
            "kty": f"{base(jwk['kty'])}-HSM" if body.get("Hsm") else jwk["kty"],
            "size": key.key_size if of_rsa else None,
            "crv": None if of_rsa else jwk["crv"],
            "pem": algorithms.pem(key),
        }
        given = {**body, "key_ops": jwk.get("key_ops") or body.get("key_ops")}
        return self._keep(vault, name, shape, given)

    def rotate(self, vault: str, name: str) -> Json:
        """A new version like the latest."""
        with self._lock:
            _, latest = self.get(vault, name)
            generated = algorithms.generate(base(latest["kty"]), latest["size"] or 0, latest["crv"] or "")
            shape = {key: latest[key] for key in ("kty", "size", "crv")}
            given = {"key_ops": latest["key_ops"], "tags": latest["tags"]}
            return self._keep(vault, name, {**shape, "pem": algorithms.pem(generated)}, given)

    def update(self, vault: str, name: str, version: str, body: Json) -> tuple[str, Json]:
        """Change attributes, tags or permitted operations of a version."""
        if body.get("key_ops") is not None:
            _, held = self.get(vault, name, version)
            body = {**body, "key_ops": _operations(body["key_ops"], held["kty"])}
        return self._changed(vault, name, version, body, ("tags", "key_ops"))

    def private(self, vault: str, name: str, version: str) -> PrivateKey:
        """The key itself, made now if nobody needed it before."""
        with self._lock:
            held = self._find(vault, name)
            if held is None:
                raise self.not_found(name)
            found = next(one for one in held["versions"] if one["version"] == version)
            if not found["pem"]:
                made = algorithms.generate(base(found["kty"]), found["size"] or 0, found["crv"] or "")
                found["pem"] = algorithms.pem(made)
                self._write(vault, held)
        return algorithms.loaded(found["pem"])

    def exists(self, vault: str, name: str) -> bool:
        held = self._find(vault, name)
        return held is not None and not held["deleted"]

    def _keep(self, vault: str, name: str, shape: Json, body: Json) -> Json:
        now = int(time.time())
        if body.get("release_policy") or (body.get("attributes") or {}).get("exportable"):
            raise NotEmulated("Key Vault: keys that can be exported (release_policy)")
        version: Json = {
            "version": uuid.uuid4().hex,
            **shape,
            "key_ops": _operations(body.get("key_ops"), shape["kty"]),
            "tags": dict(body.get("tags") or {}),
            "attributes": {"enabled": True, **given_attributes(body), "created": now, "updated": now},
        }
        self._add(vault, name, version)
        return version


def require_usable(version: Json, operation: str) -> None:
    """403 Forbidden for what a key may not do, or not now."""
    attributes, now = version["attributes"], time.time()
    if not attributes["enabled"]:
        raise VaultError(
            403, "Forbidden", f"Operation {operation} is not allowed on a disabled key.", "KeyDisabled"
        )
    if operation not in version["key_ops"]:
        raise VaultError(
            403, "Forbidden", f"Operation {operation} is not permitted on this key.", "KeyOperationForbidden"
        )
    if operation in ALWAYS:
        return
    if attributes.get("exp") is not None and now >= attributes["exp"]:
        raise VaultError(
            403, "Forbidden", f"Operation {operation} is not allowed on an expired key.", "KeyExpired"
        )
    if attributes.get("nbf") is not None and now < attributes["nbf"]:
        raise VaultError(
            403,
            "Forbidden",
            f"Operation {operation} is not allowed on a key that is not valid yet.",
            "KeyNotYetValid",
        )


def base(kind: str) -> str:
    """RSA or EC: where a key is kept changes nothing of what it does."""
    return kind.removesuffix("-HSM")


def _kind(kind: str) -> Exception:
    if kind in ("oct", "oct-HSM"):
        return NotEmulated(f"Key Vault: keys of type {kind}")
    return bad_parameter(f"kty is {kind!r}; one of {', '.join(KINDS)}.")


def _operations(given: Any, kind: str) -> list[str]:
    allowed = RSA_OPERATIONS if base(kind) == "RSA" else EC_OPERATIONS
    if given is None:
        return list(allowed)
    names = cast("list[Any]", given) if isinstance(given, list) else [given]
    if wrong := [name for name in names if name not in allowed]:
        raise bad_parameter(f"key_ops has {wrong}; a key of type {kind} can {', '.join(allowed)}.")
    return [str(name) for name in names]
