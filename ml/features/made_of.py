"""What a training set was made of: its file says it, and a data asset's tags repeat it.

Apart from what makes one: whoever sends data, jobs among them, reads it without an engine of SQL.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

MADE_OF: Final = b"mlops.features"  # the key of the Parquet file's metadata


def made_of(file: Path) -> dict[str, Any] | None:
    """What a training set was made of; None: the file does not say."""
    import pyarrow.parquet as pq

    said = (pq.read_schema(file).metadata or {}).get(MADE_OF)
    return None if said is None else json.loads(said)


def tags(made: Mapping[str, Any]) -> dict[str, str]:
    """The lineage as tags of a data asset: short values, and a digest of all of it."""
    return {
        "spine": str(made["spine"]),
        "features": ", ".join(
            f"{name}:v{table['version']}@{table['delta_version']}" for name, table in made["tables"].items()
        ),
        "features_sha256": hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest(),
    }
