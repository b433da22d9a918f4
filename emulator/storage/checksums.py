"""Checks of what was sent: MD5, and CRC-64 as the Blob service computes it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import cache

from emulator.storage.blobs import md5
from emulator.storage.errors import failure, refusal

POLYNOMIAL = 0x9A6C9329AC4BC9B5  # CRC-64/NVME, reflected
ONES = 0xFFFFFFFFFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    table: list[int] = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)


def crc64(data: bytes) -> bytes:
    """The 8 bytes, least significant first, of the service's CRC-64; about 10 MB a second."""
    table, value = _table(), ONES
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return (value ^ ONES).to_bytes(8, "little")


def verify(headers: Mapping[str, str], data: bytes) -> dict[str, str]:
    """Hold ``data`` against the checksums sent with it; the checksum header of the answer."""
    if "x-ms-structured-body" in headers:
        raise refusal("structured message bodies (x-ms-structured-body)")
    wanted_md5, wanted_crc = headers.get("content-md5"), headers.get("x-ms-content-crc64")
    if wanted_crc:
        actual = crc64(data)
        if _bytes(wanted_crc, 8) != actual:
            raise failure("Crc64Mismatch")
        return {"x-ms-content-crc64": base64.b64encode(actual).decode()}
    actual_md5 = md5(data)
    if wanted_md5 and _bytes(wanted_md5, 16) != base64.b64decode(actual_md5):
        raise failure("Md5Mismatch", f"Sent {wanted_md5}, computed {actual_md5}.")
    return {"content-md5": actual_md5}


def valid_md5(text: str) -> str:
    """An MD5 that the client wants kept with the blob, as it is; 400 InvalidMd5."""
    _bytes(text, 16)
    return text


def _bytes(text: str, length: int) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise failure("InvalidMd5" if length == 16 else "InvalidHeaderValue") from error
    if len(value) != length:
        raise failure("InvalidMd5" if length == 16 else "InvalidHeaderValue")
    return value
