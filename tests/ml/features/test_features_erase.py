"""One person leaves the feature tables of every version, and no later build brings the rows back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml.errors import MlopsError
from ml.features import erased
from ml.features.build import build
from ml.features.check import check
from ml.features.definition import FeatureTable
from ml.features.erase import erase
from ml.features.sources import Sources
from ml.lake.files import Files, LocalFiles
from tests.ml.features.tables import at, definition
from tests.ml.features.test_build import World

OF_PEOPLE = {"personal": "pseudonymous"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.says([(1, 0.0, 0.0, 10), (2, 1.0, 0.0, 20), (1, 2.0, 0.0, 17)])
    made.build(5, definition(**OF_PEOPLE))
    return made


def gone(world: World, key: str = "1", hours: float = 6) -> int:
    return erase(world.features.where, key, "e-1", at(hours), None)


def test_all_rows_of_the_person_go_and_the_table_stays_sound(world: World) -> None:
    assert gone(world) == 2
    assert {row[0] for row in world.rows("history")} == {row[0] for row in world.rows("latest")} == {2}
    assert gone(world) == 2, "the same erasure counts what it did"
    assert check(definition(**OF_PEOPLE), world.features, at(7)).problems == []
    files = list((world.folder / "features").rglob("*.parquet"))
    assert len(files) == 2, "files of old versions are gone"


def test_a_later_build_leaves_out_what_the_sources_say_of_that_time(world: World) -> None:
    gone(world)
    world.says(
        [(1, 0.0, 0.0, 10), (2, 1.0, 0.0, 20), (1, 2.0, 0.0, 17), (1, 7.0, 0.0, 30), (2, 7.0, 0.0, 21)]
    )
    world.build(10, definition(**OF_PEOPLE))
    assert [(row[0], row[3]) for row in world.rows("history")] == [(1, 30), (2, 20), (2, 21)], (
        "what happens after the erasure is the person's new row"
    )


def test_a_version_of_before_is_erased_by_the_definition_that_it_was_made_by(world: World) -> None:
    second = definition(**OF_PEOPLE, version=2)
    build(second, world.features, Sources(world.folder), at(6))
    assert gone(world) == 4
    assert gone(world, "2") == 6, "one record counts all of its rows"


def test_tables_about_nobody_are_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.says([(1, 0.0, 0.0, 10)])
    world.build(5)
    assert gone(world) == 0
    assert len(world.rows("history")) == 1


def test_a_first_build_after_an_erasure_leaves_the_person_out_too(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert gone(world) == 0
    world.says([(1, 0.0, 0.0, 10), (2, 1.0, 0.0, 20)])
    world.build(7, definition(**OF_PEOPLE))
    assert {row[0] for row in world.rows("history")} == {2}


def test_a_build_that_began_before_an_erasure_writes_nothing(world: World) -> None:
    """The erasure finds no row of a person who is new in the sources, and the build would bring one."""
    world.says([(3, 5.5, 0.0, 30)])

    def told(phase: str) -> None:
        if phase == "checking":
            gone(world, "3")

    table = definition(**OF_PEOPLE)
    with pytest.raises(MlopsError, match="Somebody was erased while"):
        build(table, world.features, Sources(world.folder), at(8), told=told)
    build(table, world.features, Sources(world.folder), at(9))
    assert 3 not in {row[0] for row in world.rows("history")}


def test_of_two_erasures_at_once_both_are_on_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads the list and writes it anew: the second waits for the first."""
    where, real = tmp_path / "features", erased.read
    waited: list[str] = []

    def slow(files: Files, folder: str) -> erased.Erased | None:
        found = real(files, folder)
        if not waited:
            waited.append(folder)
            with pytest.raises(MlopsError, match="Another run writes to"):
                erase(str(where), "2", "e-2", at(1), None)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(erased, "read", slow)
        patched.setattr("ml.features.erase.LIST_S", 0.0)
        erase(str(where), "1", "e-1", at(1), None)
    erase(str(where), "2", "e-2", at(1), None)
    known = erased.read(LocalFiles(tmp_path), "features")
    assert known is not None and len(known.digests) == 2


@pytest.mark.parametrize("hours", [5.0, None])
def test_a_build_that_began_before_an_erasure_brings_no_rows_back(
    tmp_path: Path, hours: float | None
) -> None:
    """hours: when the table was built before, without rows of the person; None: it is the first build."""
    world, table = World(tmp_path), definition(**OF_PEOPLE)
    if hours is not None:
        world.says([(2, 1.0, 0.0, 20)])
        world.build(hours, table)
    world.says([(1, 0.0, 0.0, 10), (2, 1.0, 0.0, 20)])

    def said(words: str) -> None:
        if words.startswith("checking"):
            gone(world)

    with pytest.raises(MlopsError, match=r"has written meanwhile|Somebody was erased while"):
        build(table, world.features, Sources(world.folder), at(7), told=said)
    world.build(8, table)
    assert [row[0] for row in world.rows("history")] == [row[0] for row in world.rows("latest")] == [2]


def test_the_list_holds_no_key_and_one_that_cannot_be_read_stops_a_build(world: World) -> None:
    gone(world, "customer-4711")
    name = world.folder / "features" / erased.NAME
    assert "4711" not in name.read_text()
    known = erased.read(LocalFiles(world.folder), "features")
    assert known is not None
    assert dict(known.digests)[known.digest("customer-4711")] == at(6)
    name.write_text("{")
    with pytest.raises(MlopsError, match=r"erased\.json, cannot be read"):
        world.build(8, definition(**OF_PEOPLE))


@pytest.mark.parametrize(("key", "more"), [(["id", "day"], {}), (["id"], {"person": "day"})])
def test_a_definition_says_whose_a_row_is(key: list[str], more: dict[str, str]) -> None:
    told = definition().model_dump() | {**OF_PEOPLE, "key": key, **more}
    with pytest.raises(ValueError, match="person is"):
        FeatureTable.model_validate(told)
    told |= {"person": "id"}
    assert FeatureTable.model_validate(told).person_column == "id"
