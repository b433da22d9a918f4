"""Kept answers and labels of the example's rows in a folder, and a landing that can be added to alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from ml.lake import answers, tables
from ml.lake.files import LocalFiles
from ml.push.rows import Rows, Window, made
from ml.push.send import Sender
from ml.push.settings import PushSettings
from ml.quality.labels import table
from ml.steps.contract import ID, LABEL, SCHEMA
from tests.ml.kept.world import Dying

DAY = dt.date(2026, 11, 29)
NOW = dt.datetime(2026, 11, 30, 5, 20, tzinfo=dt.UTC)
KEY = "person-4711"
EXAMPLE = Path(__file__).parents[3] / "data" / "credit_default.parquet"


def scored(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9, 30), dt.UTC)


def example(count: int, skip: int = 0) -> pd.DataFrame:
    return pd.read_parquet(EXAMPLE).iloc[skip : skip + count].reset_index(drop=True)


class Tables:
    """The two tables, as production's lake has them: there, or in folders below a root."""

    def __init__(self, root: Path) -> None:
        self._make(root / "answers", root / "labels", None)

    @classmethod
    def of_lake(cls, account: str, credential: Any) -> Tables:
        made_ = cls.__new__(cls)
        made_._make(
            tables.address(account, answers.CONTAINER, answers.TABLE),
            tables.address(account, table.CONTAINER, table.TABLE),
            credential,
        )
        return made_

    def _make(self, kept: str | Path, labelled: str | Path, credential: Any) -> None:
        self.answers = tables.make_table(
            kept,
            answers.schema(SCHEMA),
            credential,
            partition=[answers.PARTITION],
            indexed=answers.INDEXED,
        )
        self.labels = tables.make_table(
            labelled, table.schema(), credential, partition=[table.PARTITION], indexed=table.INDEXED
        )

    def keep(self, frame: pd.DataFrame, day: dt.date, request: str, **over: Any) -> None:
        """Answers of a day, without labels."""
        told = {
            "request_id": request,
            "row": list(range(len(frame))),
            "key": KEY,
            "scored_at": scored(day),
            "date": day,
            "probability": 0.25,
            "label": 0,
            "outlier_score": 0.5,
            "outlier": False,
            "model": "credit-default:1",
            "release": "r-0123456789abcdef",
            "replica": "pod-4711",
            **over,
        }
        kept = frame.drop(columns=[ID, LABEL], errors="ignore").assign(**told)
        rows = pa.Table.from_pandas(kept, preserve_index=False)
        tables.append(self.answers, tables.fitted(_typed(rows), answers.schema(SCHEMA)))

    def label(
        self, labels: list[int], day: dt.date, request: str, observed: dt.datetime, first: int = 0
    ) -> None:
        made_ = [
            {
                "request_id": request,
                "row": first + number,
                "key": KEY,
                "label": label,
                "observed_at": observed,
                "received_at": observed,
                "source": "0" * 64,
                "scored_at": scored(day),
                "date": day,
                "probability": 0.25,
                "predicted": 0,
                "model": "credit-default:1",
            }
            for number, label in enumerate(labels)
        ]
        tables.append(self.labels, pa.Table.from_pylist(made_, schema=table.schema()))

    def rows(self, secret: bytes, window: Window, most: int = 500_000) -> Rows:
        return made(self.answers.to_pyarrow_dataset(), self.labels.to_pyarrow_dataset(), window, secret, most)


def _typed(rows: Any) -> Any:
    """pandas' types as those of the columns, where no value changes."""
    wanted = answers.schema(SCHEMA)
    for place, name in enumerate(rows.column_names):
        rows = rows.set_column(place, name, rows.column(name).cast(wanted.field(name).type))
    return rows


@dataclass
class Landing:
    """Takes a name once. Whoever reads `files` is the other estate."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def add(self, name: str, data: bytes) -> bool:
        return self.files.setdefault(name, data) is data


class DyingFiles:
    def __init__(self, files: Any, dying: Dying) -> None:
        self._files, self._dying, self.read = files, dying, files.read

    def write(self, name: str, data: bytes) -> None:
        self._dying.step(lambda: self._files.write(name, data))

    def create(self, name: str, data: bytes) -> bool:
        return self._dying.step(lambda: self._files.create(name, data))


class DyingLanding:
    def __init__(self, landing: Landing, dying: Dying) -> None:
        self._landing, self._dying = landing, dying

    def add(self, name: str, data: bytes) -> bool:
        return self._dying.step(lambda: self._landing.add(name, data))


def sender(
    rows: Callable[[bytes, Window], Rows], folder: Path, landing: Any, rules: PushSettings | None = None
) -> Sender:
    return Sender(
        "prod", "dlmlopsstage", LocalFiles(folder), landing, rows, rules or PushSettings(), test_fraction=0.2
    )


def mortal(one: Sender, at: int) -> tuple[Sender, Dying]:
    """The same, of a process that dies before its step number `at`."""
    dying = Dying(at)
    return replace(
        one,
        files=DyingFiles(one.files, dying),
        landing=DyingLanding(one.landing, dying),  # pyright: ignore[reportArgumentType]
    ), dying
