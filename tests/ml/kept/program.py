"""Runs in the emulator's world: answers are kept in a data lake, collected and erased there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import requests
from azure.identity import DefaultAzureCredential

from emulator.identity.directory import ENGINEERS
from ml.forget.run import forget
from ml.forget.where import Where
from ml.kept.collect import collect
from ml.kept.place import in_lake
from ml.lake import tables
from scoring.kept.lake import LakeStore
from scoring.kept.pace import Pace
from scoring.kept.part import Layout
from scoring.kept.writer import Keeper
from scoring.model.schema import Schema
from tests.emulator.storage import estate
from tests.ml.kept.world import FEATURES, moment

CREDENTIAL = DefaultAzureCredential()


def put(path: str, body: dict[str, Any]) -> dict[str, Any]:
    token = CREDENTIAL.get_token("https://management.azure.com/.default").token
    url = f"https://management.azure.com{path}?api-version=2024-01-01"
    answer = requests.put(url, json=body, headers={"authorization": f"Bearer {token}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()


def made() -> None:
    """A data lake with its containers, and the role of whoever runs this."""
    place = {"location": estate.LOCATION}
    put(estate.GROUP, place)
    properties = {"allowSharedKeyAccess": False, "isHnsEnabled": True}
    account = put(
        f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/lake",
        {**place, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": properties},
    )
    for container in ("answers", "predictions", "tables"):
        put(f"{account['id']}/blobServices/default/containers/{container}", {})
    role = f"{estate.SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{estate.CONTRIBUTOR}"
    name = "00000001-0000-4000-8000-000000000000"
    body = {"properties": {"roleDefinitionId": role, "principalId": ENGINEERS}}
    put(f"{account['id']}/providers/Microsoft.Authorization/roleAssignments/{name}", body)


def kept() -> dict[str, int]:
    counted: dict[str, int] = {}
    layout = Layout(Schema(FEATURES), frozenset(), "credit:1", "r-1", "pod")
    url = "https://lake.blob.core.windows.net/answers"
    keeper = Keeper(layout, Pace(), lambda: LakeStore(url, CREDENTIAL), counted.__setitem__)
    keeper.start()
    keeper.put(moment("one", ["k-1", "k-2"], datetime.now(UTC)))
    assert keeper.stop(30.0)
    return counted


def main() -> None:
    made()
    place = in_lake("lake", CREDENTIAL)
    found: dict[str, Any] = {"kept": kept()}
    late = None
    for _ in range(2):  # the second one finds nothing
        done = collect(place, 30)
        found.setdefault("collected", []).append([done.parts, done.rows])
        late = late or place.answers.open()
    kept()
    collect(place, 30)
    assert late is not None
    try:  # a commit is conditional in the lake too: of two writers of a version one is refused
        rows: Any = late.to_pyarrow_table()
        tables.append(late, rows.slice(1))  # k-2: a file that a refused commit leaves goes a day later
        found["raced"] = "written"
    except tables.TableChangedError:
        found["raced"] = "refused"
    record = forget(Where(place, 30), "k-1", "request 12", "somebody", 14)
    table = place.answers.open()
    assert table is not None
    found["erased"] = record.rows
    found["keys"] = sorted(table.to_pyarrow_table().column("key").to_pylist())
    files = place.files.names("answers/")
    found["held"] = [name for name in files if b"k-1" in (place.files.read(name) or b"")]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
