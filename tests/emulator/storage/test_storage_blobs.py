"""Blobs without HTTP: blocks, listings and appends against simple models, and death in the middle."""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.errors import AzureError
from emulator.storage.blobs import BlobStore
from emulator.storage.checksums import crc64
from emulator.storage.conditions import Conditions
from emulator.storage.model import APPEND_BLOB, Address, Blob, after
from emulator.storage.ranges import requested, span

AT = Address("acct", "data", "dir/blob")
RELAXED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMES = st.lists(st.text("ab/\U0010ffff\ud7ff é", min_size=1, max_size=6), unique=True, max_size=25)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BlobStore]:
    store = BlobStore(tmp_path)
    yield store
    store.close()


def content(store: BlobStore, at: Address = AT) -> bytes:
    return store.read(at, lambda _: None, lambda size: (0, size))[1]


def block_id(number: int) -> str:
    return base64.b64encode(f"{number:04}".encode()).decode()


@RELAXED
@given(st.data())
def test_block_lists_follow_the_model(store: BlobStore, data: st.DataObject) -> None:
    """Stage blocks, commit lists that mix old and new ones, several times over."""
    store.drop("acct")
    committed: dict[str, bytes] = {}
    for _ in range(3):
        staged = data.draw(st.dictionaries(st.integers(0, 5).map(block_id), st.binary(max_size=9)))
        for name, body in staged.items():
            store.stage(AT, name, body)
        choices = [("Committed", name, body) for name, body in committed.items()]
        choices += [("Uncommitted", name, body) for name, body in staged.items()]
        choices += [("Latest", name, body) for name, body in {**committed, **staged}.items()]
        chosen = data.draw(st.lists(st.sampled_from(choices), max_size=6)) if choices else []
        blob = store.commit(AT, [(source, name) for source, name, _ in chosen], {}, {})
        expected = b"".join(body for _, _, body in chosen)
        assert content(store) == expected
        assert blob.size == len(expected)
        found, uncommitted = store.blocks(AT)
        assert found is not None and uncommitted == []
        assert [(block.id, block.size) for block in found.blocks] == [
            (name, len(body)) for _, name, body in chosen
        ]
        # of a block id that stands twice in a list, the last one is what "Committed" means next
        committed = {name: body for _, name, body in chosen}


def test_a_list_with_an_unknown_block_changes_nothing(store: BlobStore) -> None:
    store.write(AT, b"before", {}, {})
    store.stage(AT, block_id(1), b"one")
    with pytest.raises(AzureError, match="InvalidBlockList"):
        store.commit(AT, [("Latest", block_id(1)), ("Latest", block_id(2))], {}, {})
    assert content(store) == b"before"
    assert [block.id for block in store.blocks(AT)[1]] == [block_id(1)]


@RELAXED
@given(NAMES, st.text("ab/", max_size=2), st.sampled_from(["", "/", "a"]), st.integers(1, 7))
def test_listing_follows_the_model(
    store: BlobStore, names: list[str], prefix: str, delimiter: str, limit: int
) -> None:
    """All pages together hold each blob or common prefix once, in order of code points."""
    store.drop("acct")
    for name in names:
        store.write(Address("acct", "data", name), b"", {}, {})
    store.write(Address("acct", "other", "a/elsewhere"), b"", {}, {})
    expected: list[str] = []
    for name in sorted(names):
        if name.startswith(prefix):
            end = name.find(delimiter, len(prefix)) if delimiter else -1
            entry = name if end < 0 else name[: end + len(delimiter)]
            if entry not in expected:
                expected.append(entry)
    found: list[str] = []
    start = ""
    while True:
        page = store.list("acct", "data", prefix, delimiter, start, limit)
        found += [entry.name if isinstance(entry, Blob) else entry for entry in page.entries]
        assert len(page.entries) <= limit
        if not page.next:
            break
        start = page.next
    assert found == expected


@given(st.text("a\ud7ff\ue000\U0010ffff", max_size=5), st.text("a\ue000\U0010ffff", max_size=3))
def test_after_ends_a_prefix(prefix: str, rest: str) -> None:
    end = after(prefix)
    assert end is None or (prefix + rest < end and not end.startswith(prefix))
    assert end is not None or set(prefix) <= {"\U0010ffff"}


@given(st.binary(min_size=1, max_size=40), st.integers(0, 50), st.none() | st.integers(0, 60))
def test_ranges_are_slices(body: bytes, first: int, last: int | None) -> None:
    header = {"range": f"bytes={first}-{'' if last is None else last}"}
    if last is not None and last < first:
        with pytest.raises(AzureError, match="InvalidHeaderValue"):
            requested(header)
        return
    wanted = requested(header)
    if first >= len(body):
        with pytest.raises(AzureError, match="InvalidRange") as caught:
            span(wanted, len(body))
        assert caught.value.headers == {"content-range": f"bytes */{len(body)}"}
        return
    offset, size = span(wanted, len(body))
    assert body[offset : offset + size] == body[first : None if last is None else last + 1]


def test_replacing_a_blob_removes_its_old_bytes(store: BlobStore, tmp_path: Path) -> None:
    for number in range(5):
        store.write(AT, bytes([number]), {}, {})
    store.stage(AT, block_id(1), b"x")
    store.commit(AT, [("Latest", block_id(1))], {}, {})
    assert len(list(tmp_path.glob("content/*/*"))) == 1
    store.delete(AT)
    assert list(tmp_path.glob("content/*/*")) == []


def test_readers_and_writers_at_once_see_whole_blobs(store: BlobStore) -> None:
    """Four threads overwrite one blob while four others read it: each read is of one write."""
    store.write(AT, b"\0" * 50_000, {}, {"value": "0"})

    def write(value: int) -> None:
        for _ in range(40):
            store.write(AT, bytes([value]) * 50_000, {}, {"value": str(value)})

    def read(_: int) -> None:
        for _ in range(80):
            blob, body = store.read(AT, lambda _: None, lambda size: (0, size))
            assert body == bytes([int(blob.metadata["value"])]) * 50_000

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(write, value) for value in range(1, 5)]
        done += [pool.submit(read, number) for number in range(4)]
        for one in done:
            one.result()


def test_of_writers_that_expect_the_same_etag_one_wins(store: BlobStore) -> None:
    conditions = Conditions(if_match=store.write(AT, b"", {}, {}).etag)

    def write(value: int) -> bool:
        try:
            store.write(AT, bytes([value]), {}, {}, conditions.for_write())
        except AzureError as error:
            assert error.code == "ConditionNotMet"
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(16))) == 1


def test_crc64() -> None:
    """The check value of CRC-64/NVME in the catalogue of CRC algorithms."""
    assert int.from_bytes(crc64(b"123456789"), "little") == 0xAE8B14860A799888


def test_a_copy_lives_its_own_life(store: BlobStore) -> None:
    source = store.write(AT, b"first", {"content-type": "text/x"}, {})
    copy = Address("acct", "data", "copy")
    store.copy(source, copy, source.headers, {}, lambda _: None)
    store.write(AT, b"second", {}, {})
    assert (content(store, copy), content(store)) == (b"first", b"second")
    store.delete(AT)
    assert content(store, copy) == b"first"


def test_an_append_that_was_cut_off_leaves_no_trace(store: BlobStore) -> None:
    blob = store.write(AT, b"", {}, {}, kind=APPEND_BLOB)
    store.append(AT, b"one,")
    with store.path(blob).open("ab") as file:
        file.write(b"half of what a killed process wro")
    assert content(store) == b"one,"
    store.append(AT, b"two")
    assert content(store) == b"one,two"


WRITER = """
import sys
from pathlib import Path
from emulator.storage.blobs import BlobStore
from emulator.storage.model import Address
store = BlobStore(Path(sys.argv[1]))
print("ready", flush=True)
number = 0
while True:
    number += 1
    for name in ("a", "b"):
        body = bytes([number % 256]) * 300_000
        store.write(Address("acct", "data", name), body, {}, {"number": str(number)})
"""


def test_a_killed_writer_leaves_whole_blobs_and_no_orphans(tmp_path: Path) -> None:
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        time.sleep(0.1)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        store = BlobStore(tmp_path)
        page = store.list("acct", "data")
        for blob in page.entries:
            assert isinstance(blob, Blob)
            body = content(store, Address("acct", "data", blob.name))
            assert body == bytes([int(blob.metadata["number"]) % 256]) * 300_000
        assert len(list(tmp_path.glob("content/*/*"))) == len(page.entries)
        assert list(tmp_path.glob("incoming/*")) == []
        store.close()
