"""What a command leaves where its caller names a place."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ml import output
from ml.errors import MlopsError
from ml.functions import __main__ as functions


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes three bytes of a file: that it is full is only known while writing."""
    written = Path.write_bytes

    def write(path: Path, content: bytes) -> int:
        written(path, content[:3])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", write)


def test_a_file_that_cannot_be_written_leaves_the_one_before(tmp_path: Path, full: None) -> None:
    place = tmp_path / "page.html"
    place.write_text("before")
    with pytest.raises(MlopsError, match=r"--to .*page\.html cannot be written: No space left on device"):
        output.write("--to", place, b"after")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("page.html", "before")]


def test_a_folder_that_cannot_be_written_is_not_there(tmp_path: Path, full: None) -> None:
    with (
        pytest.raises(MlopsError, match=r"--to .*model cannot be written: No space left on device"),
        output.folder("--to", tmp_path / "model") as folder,
    ):
        (folder / "model.onnx").write_bytes(b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_stands_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "deeper" / "model"
    with pytest.raises(ValueError, match="mistake"), output.folder("--to", place) as folder:
        (folder / "half").write_bytes(b"1")
        raise ValueError("mistake")
    assert not place.exists()
    with output.folder("--to", place) as folder:
        (folder / "whole").write_bytes(b"1")
        assert not place.exists()
    assert [one.name for one in place.parent.iterdir()] == ["model"]
    assert (place / "whole").read_bytes() == b"1"


def test_a_link_stays_one_and_the_file_that_it_names_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link, file = tmp_path / "latest.html", tmp_path / "there" / "page.html"
    link.symlink_to(file)
    for content in (b"first", b"second"):
        output.check_file("--to", link)
        output.write("--to", link, content)
        assert (link.is_symlink(), file.read_bytes()) == (True, content)


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link"):
        with pytest.raises(MlopsError, match=f"--to .*{name} is no file that can be replaced"):
            output.check_file("--to", tmp_path / name)


def test_a_page_has_its_data_beside_it(tmp_path: Path) -> None:
    output.write_page("--to", tmp_path / "x.html", "<p>", "{}")
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"x.html": "<p>", "x.json": "{}"}


@pytest.mark.parametrize(
    ("check", "name", "words"),
    [
        (output.check_file, "folder", "is a directory"),
        (output.check_file, "none/page.html", "there is no directory"),
        (output.check_file, "file/page.html", "there is no directory"),
        (output.check_file, "x" * 300, "File name too long"),
        (output.check_page, "page.json", "is the name of the page's data"),
        (output.check_page, "folder", "is a directory"),
        (output.check_page, "taken.html", r"taken\.json is a directory"),
        (output.check_folder, "folder", "is there already"),
        (output.check_folder, "file", "is there already"),
        (output.check_folder, "file/model", "file is no directory"),
        (output.check_into, "file", "file is no directory"),
        (output.check_into, "file/x/y", "file is no directory"),
        (output.make_folder, "file/x", "cannot be written"),
    ],
)
def test_a_place_that_takes_nothing_is_told(
    tmp_path: Path, check: Callable[[str, Path], None], name: str, words: str
) -> None:
    for folder in ("folder", "taken.json"):
        (tmp_path / folder).mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(MlopsError, match=words) as raised:
        check("--to", tmp_path / name)
    assert raised.value.problem.startswith(f"--to {tmp_path}")
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("check", "name"),
    [
        (output.check_file, "new"),
        (output.check_file, "file"),
        (output.check_folder, "new"),
        (output.check_folder, "new/deeper"),
        (output.check_into, "."),
        (output.check_into, "new/deeper"),
        (output.check_page, "new.html"),
    ],
)
def test_a_place_that_may_be_written_is_left_as_it_is(
    tmp_path: Path, check: Callable[[str, Path], None], name: str
) -> None:
    (tmp_path / "file").write_text("content")
    check("--to", tmp_path / name)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_functions_zip_that_has_no_place_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert functions.main(["--to", str(tmp_path / "none" / "scoring.zip")]) == 1
    assert "there is no directory" in capsys.readouterr().err
