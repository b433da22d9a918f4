"""Which rows are held out: each row's id alone decides, so new data never moves a row to another part.

Nor does another way of writing the id: its one spelling counts (ml/steps/keys.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ml.steps.keys import spelled


def position(identifier: object, salt: str) -> float:
    """Where an id stands in [0, 1): evenly spread, always the same; another salt gives another order.

    Raises ValueError for what is no id.
    """
    digest = hashlib.blake2b(f"{salt}:{spelled(identifier)}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def held_out(identifiers: Iterable[object], fraction: float, salt: str) -> NDArray[np.bool_]:
    """True for about `fraction` of the ids. A greater fraction only adds ids."""
    return np.fromiter((position(identifier, salt) < fraction for identifier in identifiers), dtype=bool)
