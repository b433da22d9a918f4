"""Hashes, keyed hashes, random bytes, and `Encrypt` and `Decrypt` by AES."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from emulator.apimanagement.policies.expressions.declare import (
    Member,
    TypeInfo,
    declare,
    function,
    method,
    prop,
)
from emulator.apimanagement.policies.expressions.values import Box, Thrown, argument_null

SPACE: Final = "System.Security.Cryptography"
BLOCK: Final = 16


def _digest(name: str) -> Any:
    def run(self: Box[Any], data: Any, start: int = 0, count: int | None = None) -> bytearray:
        if data is None:
            raise argument_null("buffer")
        part = bytes(data[start:] if count is None else data[start : start + count])
        return bytearray(hashlib.new(name, part, usedforsecurity=False).digest())

    return run


def _keyed(name: str) -> Any:
    def run(self: Box[dict[str, bytes]], data: Any, start: int = 0, count: int | None = None) -> bytearray:
        if data is None:
            raise argument_null("buffer")
        part = bytes(data[start:] if count is None else data[start : start + count])
        return bytearray(hmac.new(self.value["key"], part, name).digest())

    return run


def _boxed(name: str) -> Callable[[], Box[Any]]:
    return lambda: Box(name, None)


def _with_key(name: str) -> Callable[..., Box[Any]]:
    def make(key: Any = None) -> Box[Any]:
        return Box(name, {"key": secrets.token_bytes(64) if key is None else bytes(key)})

    return make


def _set_key(self: Box[dict[str, bytes]], key: Any) -> None:
    if key is None:
        raise argument_null("key")
    self.value["key"] = bytes(key)


_CLOSED: Final[dict[str, Member]] = {
    "Dispose": method("void", lambda self: None),
    "Clear": method("void", lambda self: None),
}

for _name, _python in (
    ("MD5", "md5"),
    ("SHA1", "sha1"),
    ("SHA256", "sha256"),
    ("SHA384", "sha384"),
    ("SHA512", "sha512"),
):
    declare(
        TypeInfo(
            _name,
            f"{SPACE}.{_name}",
            members={"ComputeHash": method("byte[]", _digest(_python)), **_CLOSED},
            statics={"Create": function(_name, _boxed(_name))},
        )
    )
    if _name != "MD5":
        declare(
            TypeInfo(
                f"{_name}Managed",
                f"{SPACE}.{_name}Managed",
                (_name,),
                make=function(_name, _boxed(_name)),
            )
        )
    declare(
        TypeInfo(
            f"HMAC{_name}",
            f"{SPACE}.HMAC{_name}",
            members={
                "ComputeHash": method("byte[]", _keyed(_python)),
                "Key": prop("byte[]", lambda self: bytearray(self.value["key"])),
                **_CLOSED,
            },
            set={"Key": _set_key},
            make=function(f"HMAC{_name}", _with_key(f"HMAC{_name}")),
        )
    )


def _fill(self: Box[Any], data: bytearray) -> None:
    data[:] = secrets.token_bytes(len(data))


declare(
    TypeInfo(
        "RNGCryptoServiceProvider",
        f"{SPACE}.RNGCryptoServiceProvider",
        members={"GetBytes": method("void", _fill), **_CLOSED},
        make=function("RNGCryptoServiceProvider", lambda: Box("RNGCryptoServiceProvider", None)),
    )
)


def _cipher(algorithm: Any, key: Any, vector: Any) -> Any:
    if str(algorithm).lower() not in ("aes", "aesmanaged", "rijndael"):
        raise Thrown(
            "System.NotSupportedException",
            f"not emulated: the algorithm '{algorithm}' of Encrypt and Decrypt",
        )
    if len(key) not in (16, 24, 32):
        raise Thrown(
            f"{SPACE}.CryptographicException", "Specified key is not a valid size for this algorithm."
        )
    if len(vector) != BLOCK:
        raise Thrown(
            f"{SPACE}.CryptographicException",
            "Specified initialization vector (IV) does not match the block size for this algorithm.",
        )
    # CBC with PKCS7 is what .NET's symmetric algorithms do by default.
    return Cipher(algorithms.AES(bytes(key)), modes.CBC(bytes(vector)))


def encrypted(data: Any, algorithm: Any, key: Any, vector: Any) -> bytearray:
    """As `Encrypt("Aes", key, iv)`."""
    padder, worker = PKCS7(BLOCK * 8).padder(), _cipher(algorithm, key, vector).encryptor()
    return bytearray(worker.update(padder.update(bytes(data)) + padder.finalize()) + worker.finalize())


def decrypted(data: Any, algorithm: Any, key: Any, vector: Any) -> bytearray:
    """As `Decrypt("Aes", key, iv)`."""
    worker, unpadder = _cipher(algorithm, key, vector).decryptor(), PKCS7(BLOCK * 8).unpadder()
    try:
        plain = worker.update(bytes(data)) + worker.finalize()
        return bytearray(unpadder.update(plain) + unpadder.finalize())
    except ValueError as error:
        raise Thrown(
            f"{SPACE}.CryptographicException", "Padding is invalid and cannot be removed."
        ) from error


declare(
    TypeInfo(
        "byte[]",
        "System.Byte[]",
        ("Array",),
        index="byte",
        members={"Encrypt": method("byte[]", encrypted), "Decrypt": method("byte[]", decrypted)},
    )
)
