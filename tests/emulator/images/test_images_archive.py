"""Archives of build contexts: legal ones unpack right, and none reads or changes what is outside."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.images import archive
from emulator.images.archive import unpack
from emulator.images.context import ContextError

FOLDER, FILE, LINK, HARD = tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive: ``text`` is a file's content, or what a link points to."""

    kind: bytes
    name: str
    text: str = ""


def packed(members: Iterable[Member], path: Path) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.type = member.kind
            content = b""
            if member.kind == FILE:
                content = member.text.encode()
            else:
                info.linkname = member.text
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def found(root: Path, but: str = "") -> dict[str, str]:
    """What lies under a folder, links as links: path -> "" for a folder, content, or "-> target"; not what
    lies in the folders called ``but``."""
    seen: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        if Path(folder).name == but:
            folders.clear()
            continue
        for name in (*folders, *files):
            path = Path(folder, name)
            what = path.relative_to(root).as_posix()
            if path.is_symlink():
                seen[what] = f"-> {path.readlink()}"
            else:
                seen[what] = "" if path.is_dir() else path.read_text()
    return seen


def unpacked(members: Iterable[Member], folder: Path) -> dict[str, str]:
    target = folder / "context"
    target.mkdir()
    unpack(packed(members, folder / "x.tar.gz"), target)
    return found(target)


@pytest.mark.parametrize(
    "members",
    [
        [Member(FILE, "../new")],
        [Member(FILE, "x/../../new")],
        [Member(FOLDER, "../new")],
        [Member(LINK, "link", "/etc")],
        [Member(LINK, "link", "é\0x")],
        [Member(LINK, "link", "../../etc")],
        [Member(LINK, "here", "."), Member(LINK, "out", "here/../outside"), Member(FILE, "out", "changed")],
        [Member(LINK, "out", "here/../outside"), Member(LINK, "here", ".")],
        [Member(FOLDER, "a/b"), Member(LINK, "c", "a/b"), Member(LINK, "d", "c/../../../outside")],
        [Member(LINK, "here", "."), Member(FILE, "here/new")],
        [Member(FILE, "here/new"), Member(LINK, "here", ".")],
        [Member(LINK, "a", "b"), Member(LINK, "b", "a")],
        [Member(HARD, "hard", "../outside")],
        [Member(HARD, "hard", "/outside")],
        [Member(HARD, "hard", "later"), Member(FILE, "later")],
        [Member(LINK, "here", "."), Member(HARD, "hard", "here/../outside")],
        [Member(tarfile.CHRTYPE, "device")],
        [Member(tarfile.FIFOTYPE, "pipe")],
        [Member(FILE, "."), Member(FOLDER, ".")],
        [Member(FILE, "n" * 300)],
        [Member(FILE, "a"), Member(FILE, "a/b")],
        [Member(FILE, "a/b"), Member(FILE, "a")],
        [Member(FILE, "a\udcff")],
    ],
    ids=lambda members: " ".join(f"{m.name[:20]!r}" for m in members),
)
def test_an_archive_that_leads_out_is_refused(tmp_path: Path, members: list[Member]) -> None:
    (tmp_path / "outside").write_text("mine")
    with pytest.raises(ContextError):
        unpacked(members, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"outside", "context", "x.tar.gz"}
    assert (tmp_path / "outside").read_text() == "mine"


def test_a_legal_archive_unpacks_whole(tmp_path: Path) -> None:
    members = [
        Member(LINK, "to/new", "../a/one"),
        Member(FOLDER, "./a/"),
        Member(FILE, "./a/one", "1"),
        Member(HARD, "two", "a/one"),
        Member(FILE, "a/one", "replaced"),
        Member(LINK, "file", "gone"),
        Member(FILE, "file", "now a file"),
        Member(LINK, "dangling", "a/none"),
        Member(LINK, "same", "to/../to/new"),
        Member(FOLDER, "."),
    ]
    assert unpacked(members, tmp_path) == {
        "a": "",
        "a/one": "replaced",
        "two": "1",
        "file": "now a file",
        "dangling": "-> a/none",
        "to": "",
        "to/new": "-> ../a/one",
        "same": "-> to/../to/new",
    }


PARTS = st.sampled_from(["a", "b", "c", "..", ".", ""])
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
MEMBERS = st.lists(
    st.builds(Member, st.sampled_from([FOLDER, FILE, FILE, LINK, LINK, HARD]), NAMES, NAMES), max_size=6
)


@given(MEMBERS)
@settings(max_examples=100, deadline=None)
def test_no_archive_changes_or_shows_what_is_outside(members: list[Member]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in (folder / "a", folder / "b/c"):
            path.parent.mkdir(exist_ok=True)
            path.write_text("mine")
        before = found(folder)
        target = folder / "deep" / "context"
        target.mkdir(parents=True)
        source = packed(members, folder / "deep" / "x.tar.gz")
        try:
            unpack(source, target)
        except ContextError:
            legal = False
        else:
            legal = True
        assert {path: text for path, text in found(folder, "deep").items() if path != "deep"} == before
        if legal:
            for path in target.rglob("*"):
                assert path.resolve().is_relative_to(target.resolve())
            for path, member in {os.path.normpath(m.name.lstrip("/") or "."): m for m in members}.items():
                if member.kind == FILE:
                    assert found(target)[path] == member.text


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c/d", "c/e", "f/g/h"]), st.sampled_from(["a", "c", "f/g"]))
)
@settings(max_examples=30, deadline=None)
def test_what_tar_packs_of_a_folder_unpacks_to_the_same(links: dict[str, str]) -> None:
    """Files that share their bytes, and links of all kinds that stay inside, in the order of the folder."""
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name, "source"), Path(name, "target")
        target.mkdir()
        (source / "c").mkdir(parents=True)
        (source / "f/g").mkdir(parents=True)
        (source / "file").write_text("content")
        os.link(source / "file", source / "c" / "hard")
        for path, to in links.items():
            if path != to and links.get(to) is None:
                (source / path).symlink_to(os.path.relpath(source / to, (source / path).parent))
        with tarfile.open(Path(name, "x.tar"), "w") as tar:
            tar.add(source, ".")
        unpack(Path(name, "x.tar"), target)
        assert found(target) == found(source)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    cut = packed([Member(FILE, "a", "content" * 1000)], tmp_path / "cut").read_bytes()[:-30]
    for content in (b"no tar", b"", gzip.compress(b"no tar"), cut):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(ContextError, match="not a"):
            unpack(tmp_path / "x", tmp_path)


def test_an_archive_is_only_so_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 100)
    monkeypatch.setattr(archive, "MOST_MEMBERS", 3)
    one, two, three, four = (tmp_path / str(number) for number in range(4))
    for folder in (one, two, three, four):
        folder.mkdir()
    assert len(unpacked([Member(FILE, name, "x" * 33) for name in "abc"], one)) == 3
    with pytest.raises(ContextError, match="too large"):
        unpacked([Member(FILE, name, "x" * 51) for name in "ab"], two)
    with pytest.raises(ContextError, match="too large"):
        unpacked([Member(FILE, "a", "x" * 51), Member(HARD, "b", "a")], three)
    with pytest.raises(ContextError, match="too large"):
        unpacked([Member(FOLDER, name) for name in "abcd"], four)


def test_no_header_is_read_that_is_larger_than_one_is(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x", "w:gz", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("a")
        member.pax_headers = {"comment": "x" * (2 << 20)}
        tar.addfile(member)
    (tmp_path / "context").mkdir()
    with pytest.raises(ContextError, match="header"):
        unpack(tmp_path / "x", tmp_path / "context")
