"""`mlops features build` as a job: feature tables are brought up to date from their sources in the lake."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.features.definition import chosen
from ml.features.place import Features
from ml.features.refresh import refresh
from ml.features.sources import Sources
from ml.scheduled import inside

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def work(azure: Azure, asked: str) -> dict[str, Any]:
    """asked: `tables`, by name; `where` they are; `sources`, other places of data sets."""
    given: dict[str, Any] = json.loads(asked)
    place = Features(given["where"], azure.credential)
    sources = Sources(Path(), azure.estate.data_lake, azure.credential, given["sources"])
    built = [one.to_json() for one in refresh(azure, chosen(given["tables"]), place, sources)]
    return {"environment": azure.estate.environment, "tables": place.where, "built": built}


if __name__ == "__main__":
    sys.exit(inside.main(work))
