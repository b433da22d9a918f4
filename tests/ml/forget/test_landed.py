"""A person's rows leave files that landed, whatever they are among; and models of them are named."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest
from azure.storage.blob import LinearRetry
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.app import Emulator
from emulator.http import Response
from emulator.identity.directory import SIGNED_IN
from ml.batch.erase import _mask  # pyright: ignore[reportPrivateUsage]
from ml.errors import MlopsError
from ml.forget.erasers import ERASERS
from ml.forget.landed import (
    LOOKS,
    LakeRows,
    Sets,
    Trained,
    counted,
    erase,
    erase_all,
    holding,
    models_of,
)
from ml.forget.where import Person, Where
from ml.trigger.events import ERASURE, Ignored, from_event_grid
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport
from tests.ml.forget.rows import MemoryRows, digest, parquet
from tests.ml.kept.world import NOW, World

pc: Any = pyarrow.compute
KEY = "4711"
NUMBERS = st.one_of(st.none(), st.integers(4709, 4713))
TEXTS = st.sampled_from([KEY, "04711", "a"])


def ids(data: bytes) -> list[Any]:
    return pq.read_table(io.BytesIO(data)).column("id").to_pylist()


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        st.lists(st.one_of(st.none(), st.integers(4700, 4720))),
        st.lists(st.sampled_from(["4711", "04711", "a"])),
    )
)
def test_exactly_the_rows_of_the_key_go_and_the_others_stay_as_they_are(rows: list[Any]) -> None:
    files = MemoryRows({"a.parquet": parquet(rows)})
    gone = erase(files, "a.parquet", KEY)
    left = [one for one in rows if str(one) != KEY]
    assert (gone, ids(files.files["a.parquet"])) == (len(rows) - len(left), left)
    assert erase(files, "a.parquet", KEY) == 0


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (pa.int64(), "1234567890123456789"),
        (pa.int64(), "-9223372036854775808"),
        (pa.uint64(), "9999999999999999999"),
        (pa.int32(), "-7"),
    ],
)
def test_numbers_are_found_up_to_the_last_one_that_a_column_can_hold(kind: Any, key: str) -> None:
    to = io.BytesIO()
    pq.write_table(pa.table({"id": pa.array([int(key), 1], kind)}), to)
    assert counted("a.parquet", to.getvalue(), key) == 1
    assert int(pc.sum(_mask(pa.table({"key": pa.array([int(key), 1], kind)}), key)).as_py()) == 1


@pytest.mark.parametrize(("kind", "key"), [(pa.int32(), "5000000000"), (pa.uint32(), "-5"), (pa.int8(), "a")])
def test_a_key_that_no_number_of_the_column_can_be_holds_up_no_erasure(kind: Any, key: str) -> None:
    to = io.BytesIO()
    pq.write_table(pa.table({"id": pa.array([5, 1], kind)}), to)
    assert erase(MemoryRows({"a.parquet": to.getvalue()}), "a.parquet", key) == 0


def test_other_columns_and_types_stay() -> None:
    files = MemoryRows({"a.parquet": parquet([4711, 2])})
    before = pq.read_table(io.BytesIO(files.files["a.parquet"]))
    erase(files, "a.parquet", KEY)
    assert pq.read_table(io.BytesIO(files.files["a.parquet"])).equals(before.slice(1))


def test_what_cannot_be_written_anew_is_refused_and_the_other_files_are_done() -> None:
    files = MemoryRows(
        {
            "a.csv": b'id,age\r\n1,"3\r\n4711,3\r\n',
            "b.parquet": b"PAR1 half",
            "c.parquet": parquet([4711]),
            "d.csv": b"name\n4711\n",
            "e.parquet": parquet([4711], column="other"),
            "f.txt": b"4711",
            "g.parquet": b'{"id": 4711}',
            "_SUCCESS": b"",
        }
    )
    where = Where(World.__new__(World), 30, sets=Sets(files, MemoryRows({}), list))  # pyright: ignore
    person = Person(KEY, frozenset(), "record", NOW, NOW)
    outcome = ERASERS["landing"](where, person, {"rows": 2})
    assert (outcome.state, outcome.rows, ids(files.files["c.parquet"])) == ("failed", 3, [])
    for name in ("a.csv", "b.parquet", "f.txt", "g.parquet"):
        assert outcome.said.count(f"{name}: ") == 1, outcome.said
    assert outcome.said.count("is neither parquet nor csv") == 2
    assert KEY not in outcome.said
    assert not [name for name in ("d.csv", "e.parquet", "_SUCCESS") if name in outcome.said]


def test_what_lands_while_others_are_written_anew_is_looked_at_before_the_end() -> None:
    class Landing(MemoryRows):
        def replace(self, name: str, data: bytes, etag: str) -> bool:
            if name == "a.csv":
                self.files |= {"late.parquet": parquet([4711, 5]), "b.parquet": parquet([4711, 6])}
            return super().replace(name, data, etag)

    files = Landing({"a.csv": b"id\n4711\n7\n", "b.parquet": parquet([4711])})
    was: list[str] = []
    done, at = erase_all(files, KEY, lambda name, _: was.append(name))
    assert (sum(done.rows.values()), done.failed, was) == (3, {}, ["a.csv", "b.parquet", "late.parquet"])
    assert files.files["a.csv"] == b"id\n7\n"
    assert (ids(files.files["b.parquet"]), ids(files.files["late.parquet"])) == ([6], [5])
    assert at.tzinfo is not None


def test_files_that_land_without_an_end_are_told_and_no_reason_to_go_on_for_ever() -> None:
    class Endless(MemoryRows):
        def versions(self) -> dict[str, str]:
            self.files[f"{len(self.files)}.parquet"] = parquet([4711])
            return super().versions()

    where = Where(World.__new__(World), 30, sets=Sets(Endless({}), MemoryRows({}), list))  # pyright: ignore
    outcome = ERASERS["landing"](where, Person(KEY, frozenset(), "record", NOW, NOW), {})
    assert (outcome.state, outcome.rows) == ("failed", LOOKS)
    assert "still landing" in outcome.said


def test_a_look_that_is_refused_loses_nothing_of_what_was_erased_before_it() -> None:
    class Shut(MemoryRows):
        looks = 0

        def versions(self) -> dict[str, str]:
            self.looks += 1
            if self.looks > 1:
                raise MlopsError("Azure forbids to list files.", "Have a role granted.")
            return super().versions()

    data = parquet([4711, 5])
    where = Where(World.__new__(World), 30, sets=Sets(Shut({"a.parquet": data}), MemoryRows({}), list))  # pyright: ignore
    outcome = ERASERS["landing"](where, Person(KEY, frozenset(), "record", NOW, NOW), {"rows": 2})
    assert (outcome.state, outcome.rows) == ("failed", 3)
    assert outcome.kept == {"rows": 3, "held": {digest(data): "a.parquet"}}
    assert "forbids" in outcome.said


# A line end within a cell has a line feed: for a sole carriage return csv.writer writes no quotes.
PIECES = st.lists(st.sampled_from(["a", ",", '"', "\n", "\r\n", "\u00e4", " "]), max_size=4).map("".join)
CELLS = st.one_of(st.sampled_from([KEY, f" {KEY}", "04711", ""]), PIECES)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS)), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_of_a_csv_exactly_the_rows_of_the_key_go_and_the_others_stay_byte_for_byte(
    rows: list[tuple[str, str]], end: str, bom: bool, first: bool
) -> None:
    """Quotes, commas and line ends in cells, with or without a byte order mark, the id in either place."""

    def written(some: list[tuple[str, str]]) -> bytes:
        to = io.StringIO(newline="")
        writer = csv.writer(to, lineterminator=end)
        writer.writerows([("id", "age"), *some] if first else [("age", "id"), *[(b, a) for a, b in some]])
        return (codecs.BOM_UTF8 if bom else b"") + to.getvalue().encode()

    left = [row for row in rows if row[0].strip() != KEY]
    files = MemoryRows({"a.CSV": written(rows)})
    assert erase(files, "a.CSV", KEY) == len(rows) - len(left)
    assert files.files["a.CSV"] == written(left)


@pytest.mark.parametrize(
    "data",
    [b'id\n"4711\n1\n', b'id\n"1"4711\n', b"id\n\xe4\n4711\n", b"id\n4711"],
    ids=["an open quote", "text behind a quote", "other letters", "no line end"],
)
def test_a_csv_in_which_a_row_could_hide_is_no_csv(data: bytes) -> None:
    files = MemoryRows({"a.csv": data})
    if data.endswith(b"4711"):
        assert (erase(files, "a.csv", KEY), files.files["a.csv"]) == (1, b"id\n")
        return
    with pytest.raises(MlopsError, match="cannot be read, and may hold the person"):
        erase(files, "a.csv", KEY)
    assert files.files["a.csv"] == data


@pytest.mark.parametrize(
    "data", [b"\nid,age\n4711,3\n7,3\n", b"\xef\xbb\xbf\r\n\r\nid,age\r\n4711,3\r\n7,3\r\n"]
)
def test_empty_lines_before_the_heading_hide_no_row(data: bytes) -> None:
    files = MemoryRows({"a.csv": data})
    assert erase(files, "a.csv", KEY) == 1
    assert files.files["a.csv"] == re.sub(rb"4711,3\r?\n", b"", data)


@pytest.mark.parametrize(
    "data",
    [
        b"id;age\n4711;3\n",
        b"age\tid\n3\t4711\n",
        b"age, id\n3,4711\n",
        b"'id','age'\n'4711','3'\n",
        b"id,id\n1,4711\n",
    ],
    ids=["semicolons", "tabs", "spaces", "other quotes", "twice"],
)
def test_a_heading_that_names_the_ids_otherwise_is_no_file_without_ids(data: bytes) -> None:
    with pytest.raises(MlopsError, match="cannot be read, and may hold the person: its heading has"):
        counted("a.csv", data, KEY)


def test_what_was_found_before_a_refusal_is_kept_for_the_next_command() -> None:
    """By then landing is written anew, and its files say no more which models came of them."""
    landing = MemoryRows({"a.parquet": parquet([4711])})
    models = [Trained("m:1", digest(landing.files["a.parquet"]))]

    def refused() -> list[Trained]:
        raise MlopsError("Azure forbids to list models.", "Have a role granted.")

    def asked(of: Any, kept: dict[str, Any]) -> Any:
        where = Where(World.__new__(World), 30, sets=Sets(landing, MemoryRows({}), of))  # pyright: ignore
        return ERASERS["training-data"](where, Person(KEY, frozenset(), "record", NOW, NOW), kept)

    first = asked(refused, {})
    assert (first.state, first.rows) == ("failed", 1) and "forbids to list models" in first.said
    erase(landing, "a.parquet", KEY)
    second = asked(lambda: models, first.kept)
    assert (second.state, second.rows, second.kept["models"]) == ("told", 1, ["m:1"])


def test_training_sets_that_may_not_be_listed_lose_nothing_of_what_landing_holds() -> None:
    """Landing is written anew by the same command, whether or not."""

    class Refused(MemoryRows):
        def versions(self) -> dict[str, str]:
            raise MlopsError("Azure forbids to list files.", "Have a role granted.")

    landing = MemoryRows({"a.parquet": parquet([4711])})
    models = [Trained("m:1", digest(landing.files["a.parquet"]))]
    where = Where(World.__new__(World), 30, sets=Sets(landing, Refused({}), lambda: models))  # pyright: ignore
    first = ERASERS["training-data"](where, Person(KEY, frozenset(), "record", NOW, NOW), {})
    assert (first.state, first.rows, first.kept["models"]) == ("failed", 1, ["m:1"])
    assert "forbids to list files" in first.said


def test_a_file_that_is_named_by_the_key_is_not_named_so_in_the_record() -> None:
    landing = MemoryRows({f"people/{KEY}.parquet": parquet([4711])})
    where = Where(World.__new__(World), 30, sets=Sets(landing, MemoryRows({}), list))  # pyright: ignore
    for place in ("training-data", "landing"):
        kept = ERASERS[place](where, Person(KEY, frozenset(), "record", NOW, NOW), {}).kept
        assert list(kept["held"].values()) == ["people/KEY.parquet"]


def test_a_file_that_somebody_wrote_meanwhile_is_left_to_the_next_command() -> None:
    class Racing(MemoryRows):
        def replace(self, name: str, data: bytes, etag: str) -> bool:
            self.files[name] = parquet([4711, 3])
            return super().replace(name, data, etag)

    files = Racing({"a.parquet": parquet([4711])})
    with pytest.raises(MlopsError, match="written it meanwhile"):
        erase(files, "a.parquet", KEY)
    assert ids(files.files["a.parquet"]) == [4711, 3]


def test_models_are_found_by_the_content_of_their_data() -> None:
    held, other = parquet([4711, 1]), parquet([1])
    found, done = holding(MemoryRows({"a.parquet": held, "b.parquet": other, "c.parquet": b"PAR1"}), KEY)
    assert (found, done.rows) == ({"a.parquet": digest(held)}, {"a.parquet": 1, "b.parquet": 0})
    assert list(done.failed) == ["c.parquet"]
    models = [
        Trained("m:10", digest(held)),
        Trained("m:9", digest(held)),
        Trained("m:1", digest(other)),
        Trained("m:2", ""),
    ]
    assert models_of(models, [*found.values(), ""]) == ["m:9", "m:10"]
    assert counted("a.CSV", b"\xef\xbb\xbfid\n 4711 \n", KEY) == 1


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = estate.start(tmp_path_factory.mktemp("landed"))
    lake = estate.account(emulator, "lake", isHnsEnabled=True)
    emulator.arm.put(f"{lake}/blobServices/default/containers/landing", {})
    estate.grant(emulator, SIGNED_IN.object_id, estate.CONTRIBUTOR)
    yield emulator
    emulator.close()


def test_in_the_lake_it_is_written_anew_under_its_name_and_starts_no_training(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Event Grid would tell of it names the erasure, by which the trigger leaves it alone."""
    rows = LakeRows("lake", "landing", Credential(emulator), transport=transport(emulator), retry_total=0)
    blob = rows._container.get_blob_client("2026/rows.parquet")
    blob.upload_blob(parquet([4711, 2]), metadata={"from": "upstream"})
    assert list(rows.versions()) == ["2026/rows.parquet"]
    content = rows.read("2026/rows.parquet")
    assert content is not None
    asked: list[str] = []
    real = emulator.answer

    def seen(request: Any, *more: Any, **named: Any) -> Any:
        if request.method == "PUT":
            asked.append(str(request.headers.get("x-ms-client-request-id")))
        return real(request, *more, **named)

    monkeypatch.setattr(emulator, "answer", seen)
    rows._container.get_blob_client("2026/rows.csv").upload_blob(b"id,age\n4711,1\n2,3")
    asked.clear()
    done, _ = erase_all(rows, KEY, lambda *_: None)
    assert (done.failed, done.rows) == ({}, {"2026/rows.parquet": 1, "2026/rows.csv": 1})
    assert len(asked) == 2 and all(one.startswith(ERASURE) for one in asked)
    assert rows._container.get_blob_client("2026/rows.csv").download_blob().readall() == b"id,age\n2,3"
    assert ids(blob.download_blob().readall()) == [2]
    assert blob.get_blob_properties().metadata == {"from": "upstream"}
    assert not rows.replace("2026/rows.parquet", b"others", content[1]), "it is another file by now"
    assert rows.read("gone.parquet") is None


def test_what_is_sent_a_second_time_starts_no_training_either(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure answers 503 to the first attempt, and the SDK makes another one."""
    again = LinearRetry(backoff=0, retry_total=1, random_jitter_range=0)
    rows = LakeRows(
        "lake", "landing", Credential(emulator), transport=transport(emulator), retry_policy=again
    )
    rows._container.get_blob_client("2026/again.parquet").upload_blob(parquet([4711, 2]))
    asked: list[str] = []
    real = emulator.answer

    def away(request: Any, *more: Any, **named: Any) -> Any:
        if request.method == "PUT":
            asked.append(str(request.headers.get("x-ms-client-request-id")))
            if len(asked) == 1:
                return Response(503, {"x-ms-error-code": "ServerBusy"}, b"")
        return real(request, *more, **named)

    monkeypatch.setattr(emulator, "answer", away)
    assert erase(rows, "2026/again.parquet", KEY) == 1
    assert [one.startswith(ERASURE) for one in asked] == [True, True]


@pytest.mark.parametrize("by", ["", f"{ERASURE}0c1f3d5a"])
def test_an_event_of_an_erasure_is_no_new_data(by: str) -> None:
    data = {
        "api": "PutBlob",
        "url": "https://lake.blob.core.windows.net/landing/rows.parquet",
        "contentLength": 8,
        "clientRequestId": by,
    }
    told = {"id": "e-1", "eventType": "Microsoft.Storage.BlobCreated", "eventTime": NOW.isoformat()}
    found = from_event_grid({**told, "data": data}, "azureml://landing")
    assert isinstance(found, Ignored) is bool(by)
    if isinstance(found, Ignored):
        assert "without a person's rows" in found.why
