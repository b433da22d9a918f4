"""What the machine code is made of, and under which names its package holds it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parent
SOURCES: Final = (
    "module.c", "answer.h", "base.h", "bins.h", "columns.h", "composite.h", "forest.h", "rows.h",
)  # fmt: skip
MODULE: Final = "scoring_kernel"
LIBRARY: Final = f"{MODULE}.abi3.so"
DESCRIPTION: Final = f"{MODULE}.json"


def source_digest(folder: Path | None = None) -> str:
    """SHA-256 of the sources, in hex: code that was made of others is not loaded.

    What has loaded this module reads them, in a zip file too, as which Spark sends it to executors. It knows
    them by the very path that it has given to the module.
    """
    found = hashlib.sha256()
    loader: Any = __loader__
    beside = __file__.removesuffix("sources.py") if folder is None else f"{folder}/"
    for name in SOURCES:
        content: bytes = loader.get_data(f"{beside}{name}")
        found.update(f"{name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()
