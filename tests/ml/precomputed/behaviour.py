"""What holds of runs in both databases; a file of tests gives `store` and `look`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from ml.errors import MlopsError
from ml.precomputed.store import Store, before
from scoring.precomputed.lookup import Looked
from tests.ml.precomputed.made import answers, batch, block, quiet

Look: TypeAlias = Callable[[str], Looked]  # a key in a connection of its own
KEYS = [f"c-{number}" for number in range(10)]


def name(looked: Looked) -> str | None:
    return looked.run and looked.run.name


class Behaviour:
    def test_a_loaded_run_is_looked_up_and_replaces_the_one_before(self, store: Store, look: Look) -> None:
        assert look("c-0") == Looked(None, None)
        first, second = answers(KEYS, 0.1), answers(KEYS[:5], 1 / 3)
        store.load(batch(1, first), 3, quiet)
        found = look("c-3")
        assert found.run is not None and found.prediction is not None
        assert (found.run.name, found.run.release) == ("b-1", "r-0123456789abcdef")
        assert found.run.scored_at == batch(1, first).scored_at
        told = found.prediction
        assert (told.probability, told.label, told.outlier_score, told.outlier) == first["c-3"]
        store.load(batch(2, second), 3, quiet)
        assert name(look("c-3")) == "b-2"
        assert look("c-7") == Looked(look("c-3").run, None)  # of the run before, and no more of this one

    def test_what_breaks_half_way_changes_nothing_and_the_next_load_begins_anew(
        self, store: Store, look: Look
    ) -> None:
        store.load(batch(1, answers(KEYS, 0.1)), 3, quiet)
        with pytest.raises(ConnectionError):
            store.load(batch(2, answers(KEYS, 0.2), fails_after=2), 3, quiet)
        assert [one.run for one in store.runs()] == ["b-1"]
        assert name(look("c-1")) == "b-1"
        store.load(batch(2, answers(KEYS, 0.2)), 3, quiet)
        assert name(look("c-9")) == "b-2"

    def test_going_back_and_forth_and_what_was_gone_back_from_is_not_loaded_again(
        self, store: Store, look: Look
    ) -> None:
        for number in (1, 2):
            store.load(batch(number, answers(KEYS, 0.1)), 3, quiet)
        store.show(before(store.runs(), None).number)
        assert name(look("c-1")) == "b-1"
        with pytest.raises(MlopsError, match="somebody went back from it"):
            store.load(batch(2, answers(KEYS, 0.1)), 3, quiet)
        assert name(look("c-1")) == "b-1"
        with pytest.raises(MlopsError, match="no run before b-1; the database has b-2, b-1"):
            before(store.runs(), None)
        with pytest.raises(MlopsError, match="no run b-7; it has b-2, b-1"):
            before(store.runs(), "b-7")
        store.show(before(store.runs(), "b-2").number)
        store.load(batch(2, answers(KEYS, 0.1)), 3, quiet)  # it is there and visible: nothing to do
        assert [one.run for one in store.runs()] == ["b-2", "b-1"]

    def test_what_was_shown_last_is_kept_and_what_was_gone_back_from_is_not_returned_to(
        self, store: Store, look: Look
    ) -> None:
        for number in (1, 2, 3):
            store.load(batch(number, answers(KEYS, 0.1)), 2, quiet)
        store.show(before(store.runs(), None).number)
        assert [(one.run, one.visible) for one in store.runs()] == [("b-3", False), ("b-2", True)]
        store.load(batch(4, answers(KEYS, 0.4)), 2, quiet)
        assert [(one.run, one.visible) for one in store.runs()] == [("b-4", True), ("b-2", False)]
        assert name(look("c-1")) == "b-4"

    def test_back_goes_to_what_was_visible_before_though_newer_runs_are_there(
        self, store: Store, look: Look
    ) -> None:
        for number in (1, 2, 3):
            store.load(batch(number, answers(KEYS, 0.1)), 5, quiet)
        shown = {one.run: one.shown_at for one in store.runs()}
        store.show(before(store.runs(), None).number)  # from b-3
        again = next(one.shown_at for one in store.runs() if one.run == "b-2")
        assert again is not None and shown["b-2"] is not None and again > shown["b-2"]
        store.load(batch(4, answers(KEYS, 0.4)), 5, quiet)
        assert before(store.runs(), None).run == "b-2"
        store.show(before(store.runs(), None).number)
        assert name(look("c-1")) == "b-2"

    def test_a_key_that_occurs_twice_and_rows_that_lack_are_refused(self, store: Store) -> None:
        rows = answers(KEYS, 0.1)
        twice = replace(batch(1, rows), rows=20, blocks=lambda: iter([block(rows), block(rows)]))
        with pytest.raises(MlopsError, match="a key that occurs twice") as refused:
            store.load(twice, 3, quiet)
        assert "c-" not in str(refused.value)
        with pytest.raises(MlopsError, match="has 10 rows, and its record says 11"):
            store.load(replace(batch(1, rows), rows=11), 3, quiet)
        assert store.runs() == []

    def test_a_person_s_rows_go_from_all_runs(self, store: Store, look: Look) -> None:
        for number in (1, 2):
            store.load(batch(number, answers(KEYS, 0.1)), 3, quiet)
        assert store.erase("c-4") == 2
        assert look("c-4").prediction is None
        assert look("c-5").prediction is not None
