"""Places in the data lake: their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from pyarrow import fs

from ml.batch import places, source
from ml.batch.evaluate import Composite
from ml.batch.places import PAUSE_S, RENEW_S, Place
from ml.batch.run import Limits, run
from ml.batch.source import NothingThere, look
from ml.lake import filesystem, lease, tables
from tests.ml.batch.conftest import ID, written

LAKE = "abfss://predictions@lake.dfs.core.windows.net/batch"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class ShortLived:
    """A credential whose tokens hold for so many seconds."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds, self.given = clock, seconds, 0

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        self.given += 1
        return AccessToken(f"{self.given}", int(self._clock.now + self._seconds))


def guarded(folder: Path, clock: Clock, until: float) -> Any:
    """The folder, and a refusal once the time of the token is over."""
    inner = fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem())

    class Until:
        def __getattr__(self, name: str) -> Any:
            if clock.now >= until:
                raise PermissionError("401: the token has ended")
            return getattr(inner, name)

        def open_output_stream(self, name: str, **more: Any) -> Any:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)  # the lake has no folders to make
            return self.__getattr__("open_output_stream")(name, **more)

    return Until()


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Clock, ShortLived]]:
    """The lake as a folder of this machine, behind tokens of an hour."""
    clock = Clock()
    credential = ShortLived(clock, 3600)
    ends: dict[str, float] = {}

    def opened(_: str, options: Mapping[str, str]) -> Any:
        token = options["bearer_token"]
        ends.setdefault(token, clock.now + 3600)
        (tmp_path / "lake").mkdir(exist_ok=True)
        return guarded(tmp_path / "lake", clock, ends[token])

    monkeypatch.setattr(filesystem, "opened", opened)
    monkeypatch.setattr(places._Lake.__init__, "__defaults__", (clock,))
    yield clock, credential


def test_a_place_goes_on_for_days_with_tokens_of_an_hour(lake: tuple[Clock, ShortLived]) -> None:
    clock, credential = lake
    place = Place(LAKE, credential)
    for number in range(100):
        place.write(f"unit-{number}", b"x")
        assert place.read(f"unit-{number}") == b"x"
        clock.now += 1_700  # of two days
    assert len(place.names()) == 100
    assert credential.given <= 100 * 1_700 / (3600 - RENEW_S) + 2


def test_a_token_is_renewed_before_it_ends_and_not_at_each_file(lake: tuple[Clock, ShortLived]) -> None:
    clock, credential = lake
    place = Place(LAKE, credential)
    for _ in range(50):
        place.write("a", b"x")
    assert credential.given == 1
    clock.now += 3600 - RENEW_S
    place.write("a", b"x")
    assert credential.given == 2


def test_tokens_that_are_nearly_over_are_not_asked_for_at_each_file(lake: tuple[Clock, ShortLived]) -> None:
    clock, credential = lake
    credential._seconds = RENEW_S / 3
    place = Place(LAKE, credential)
    for _ in range(10):
        place.write("a", b"x")
    assert credential.given == 1
    clock.now += PAUSE_S
    place.write("a", b"x")
    assert credential.given == 2


def test_a_run_of_hours_is_published(
    composite: Composite, rows: Any, tmp_path: Path, lake: tuple[Clock, ShortLived], monkeypatch: Any
) -> None:
    """Its tables are opened with a token of their own each time; its files go on by renewed ones."""
    clock, credential = lake
    at = tmp_path / "lake"

    def local(where: str) -> str:
        return where.replace(LAKE, str(at))

    monkeypatch.setattr(lease, "held", lambda *_, **__: nullcontext())
    open_table, make_table = tables.open_table, tables.make_table
    monkeypatch.setattr(tables, "open_table", lambda where, *_, **more: open_table(local(str(where)), **more))
    monkeypatch.setattr(
        tables,
        "make_table",
        lambda where, schema, *_, **more: make_table(local(where), schema, **more),
    )

    def slow(*_: Any) -> None:
        clock.now += 1_000

    answer = run(
        composite,
        written(rows, tmp_path / "in"),
        LAKE,
        ID,
        Limits(50, workers=1),
        credential,
        slow,
    )
    assert answer["scored"] == len(rows)
    assert clock.now > 1_000_000 + 3600, "it lasted for longer than one token"
    assert credential.given > 1


def test_a_file_of_the_lake_that_is_not_there_is_nothing(
    lake: tuple[Clock, ShortLived], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, credential = lake
    monkeypatch.setattr(source, "_delta", lambda *_: None)  # asks the lake by a client of its own
    where = f"{LAKE}/2026-11-29.parquet"
    with pytest.raises(NothingThere, match=r"2026-11-29\.parquet holds no file"):
        look(where, credential)
    Place(LAKE, credential).write("2026-11-29.parquet", b"rows")
    assert look(where, credential).bytes == 4


def test_a_file_is_copied_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, place = tmp_path / "made.parquet", Place(str(tmp_path / "out"))
    file.write_bytes(b"before")
    place.copy(file, "deep/training.parquet")
    file.write_bytes(b"after")

    def full(_content: Any, stream: Any, _length: int) -> None:
        stream.write(b"af")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr("shutil.copyfileobj", full)
        place.copy(file, "deep/training.parquet")
    assert place.read("deep/training.parquet") == b"before"
    place.copy(file, "deep/training.parquet")
    assert place.read("deep/training.parquet") == b"after"
