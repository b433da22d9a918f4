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


def test_no_two_files_have_one_name_where_pytest_would_take_one_for_the_other() -> None:
    """In folders without `__init__.py` a file's name is its module's."""
    tests = Path(__file__).resolve().parents[1]
    names = [file.name for file in tests.rglob("test_*.py") if not (file.parent / "__init__.py").exists()]
    assert [name for name in set(names) if names.count(name) > 1] == []
