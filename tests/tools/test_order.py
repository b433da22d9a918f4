"""The long files come first among workers, and the table names files that exist."""

from pathlib import Path

from tests import order

ROOT = Path(__file__).parents[2]


def test_every_file_of_the_table_exists() -> None:
    assert [name for name in order.SECONDS if not (ROOT / name).is_file()] == []


def test_long_files_come_first_and_tests_stay_in_their_order() -> None:
    first, *_, last = sorted(order.SECONDS, key=lambda name: -order.SECONDS[name])
    given = ["tests/short.py::b", f"{last}::z", f"{first}::test[x::y]", f"{last}::a", "tests/short.py::a"]
    assert sorted(given, key=order.place) == [
        f"{first}::test[x::y]",
        f"{last}::z",
        f"{last}::a",
        "tests/short.py::b",
        "tests/short.py::a",
    ]


def test_make_test_keeps_that_order() -> None:
    """By itself `--dist loadfile` gives out the files of the most tests first, which undoes it."""
    runs = [line for line in (ROOT / "Makefile").read_text().splitlines() if "-m pytest tests " in line]
    assert runs and all("$(WORKERS)" in line for line in runs)
    assert "--no-loadscope-reorder" in (ROOT / "Makefile").read_text()
