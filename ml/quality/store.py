"""Where reports, sums and models' manifests are kept: the lake's container of tables, or a local folder.

quality/DATE.json                    the report of a day
quality/sums/MODEL/DATE.json         sums of a day's answers of one model, of which no row can be told
quality/models/MODEL.json            manifest.json of a model that answered
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from ml.quality.report import VERSION, DailyReport
from ml.quality.sums import DaySums
from scoring.model.sketch import DriftReference

if TYPE_CHECKING:
    from ml.azure.clients import Azure

FOLDER: Final = "quality"


class Files(Protocol):
    def get(self, path: str) -> bytes | None: ...

    def put(self, path: str, content: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A local folder."""

    root: Path

    def get(self, path: str) -> bytes | None:
        place = self.root / path
        return place.read_bytes() if place.is_file() else None

    def put(self, path: str, content: bytes) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        aside = place.with_name(f".{place.name}.part")
        aside.write_bytes(content)
        aside.replace(place)


class Lake:
    """A container of the data lake, by identity."""

    def __init__(self, azure: Azure, account: str, container: str) -> None:
        self._azure, self._client = azure, azure.container(account, container)

    def get(self, path: str) -> bytes | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            stream = self._azure.granted(
                self._client.get_blob_client(path).download_blob, "read what is known of the days before"
            )
            return stream.readall()
        except ResourceNotFoundError:
            return None

    def put(self, path: str, content: bytes) -> None:
        self._azure.granted(
            lambda: self._client.upload_blob(path, content, overwrite=True), "write the report of a day"
        )


def _of(model: str) -> str:
    return model.replace(":", "-")


def read_report(files: Files, date: dt.date) -> DailyReport | None:
    """None as well when the report is of another version of this program, which may have had other figures.

    Raises ValueError when what is there is no report.
    """
    content = files.get(f"{FOLDER}/{date}.json")
    if content is None or json.loads(content).get("version") != VERSION:
        return None
    return DailyReport.model_validate_json(content)


def write_report(files: Files, report: DailyReport) -> str:
    """The path of the report."""
    path = f"{FOLDER}/{report.date}.json"
    files.put(path, report.model_dump_json(indent=1).encode())
    return path


def read_sums(
    files: Files, model: str, date: dt.date, reference: DriftReference
) -> tuple[DaySums, int] | None:
    """The sums of a model's day, and how many rows the day had in all when they were counted."""
    content = files.get(f"{FOLDER}/sums/{_of(model)}/{date}.json")
    if content is None:
        return None
    value: dict[str, Any] = json.loads(content)
    return DaySums.from_json(value["sums"], reference), int(value["day_rows"])


def write_sums(files: Files, model: str, date: dt.date, sums: DaySums, day_rows: int) -> None:
    content = json.dumps({"day_rows": day_rows, "sums": sums.to_json()}, separators=(",", ":"))
    files.put(f"{FOLDER}/sums/{_of(model)}/{date}.json", content.encode())


def read_manifest(files: Files, model: str) -> bytes | None:
    return files.get(f"{FOLDER}/models/{_of(model)}.json")


def write_manifest(files: Files, model: str, manifest: bytes) -> None:
    files.put(f"{FOLDER}/models/{_of(model)}.json", manifest)
