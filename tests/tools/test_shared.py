"""What is shared in a test session is made once, whole, and again after a failure."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import shared


@pytest.fixture
def factory(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> pytest.TempPathFactory:
    """Of a session of its own, one of whose workers this is."""
    base = tmp_path / "session" / "popen-gw0"
    base.mkdir(parents=True)
    return pytest.TempPathFactory(base, 3, "all", lambda *_: None, base, _ispytest=True)


def test_who_comes_at_the_same_time_finds_one_and_it_is_whole(factory: pytest.TempPathFactory) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        for number in range(50):
            (folder / str(number)).write_text("x")

    def files(_: int) -> int:
        return len(list(shared.once(factory, "one", make).iterdir()))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(files, range(8))) == [50] * 8
    assert len(made) == 1


def test_a_failure_leaves_nothing_to_the_next(factory: pytest.TempPathFactory) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError("no estate")

    with pytest.raises(RuntimeError, match="no estate"):
        shared.once(factory, "one", fail)
    assert list(shared.once(factory, "one", lambda folder: None).iterdir()) == []


@pytest.mark.parametrize(("worker", "seen"), [("gw0", True), (None, False)])
def test_workers_share_it_and_other_sessions_do_not(
    factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, worker: str | None, seen: bool
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    if worker:
        monkeypatch.setitem(os.environ, "PYTEST_XDIST_WORKER", worker)
    place = shared.once(factory, "one", lambda folder: None)
    assert place.is_relative_to(factory.getbasetemp()) is not seen
    assert place.is_relative_to(factory.getbasetemp().parent)
