"""The table of places is whole: each data set about people is in one row, and its words are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.config import known_settings
from ml.catalogue import sets
from ml.errors import MlopsError
from ml.features.definition import read_all
from ml.forget.erasers import ERASERS
from ml.forget.places import PLACES, of_set, place
from ml.kept import collect
from ml.settings import settings
from tools.data_docs import written

PAGE = Path(__file__).resolve().parents[3] / "docs/data.md"


def test_each_data_set_about_people_is_in_one_place_and_no_other_is() -> None:
    about_people = sorted(one.name for one in sets.read() if one.about_people)
    assert sorted(name for one in PLACES for name in one.sets) == about_people
    with pytest.raises(MlopsError, match="quality is about people and in no row"):
        of_set("quality")


def test_feature_tables_about_people_say_who_is_meant() -> None:
    assert {one.person_column for one in read_all().values()} == {"id"}


def test_each_place_has_its_words_and_those_that_are_not_erased_by_key_say_so() -> None:
    assert len({one.name for one in PLACES}) == len(PLACES)
    for one in PLACES:
        assert all((one.how, one.proof, one.kept.words)), one.name
        assert one.by_key != one.how.startswith("not "), one.name
        assert not (one.by_key and one.names), one.name
    assert list(ERASERS) == [one.name for one in PLACES if one.by_key or one.names]


def test_what_is_said_of_retention_is_what_removes_rows() -> None:
    assert place("answers").kept.days(settings()) == settings().kept.retention_days
    assert f"{collect.QUARANTINE_DAYS} days" in place("answers-aside").kept.words
    with pytest.raises(ValueError, match=r"no setting of ml/settings\.toml removes rows"):
        place("labels").kept.days(settings())
    of_stack = {f"{section}.{name}" for section, names in known_settings().items() for name in names}
    for one in PLACES:
        for name in re.findall(r"`(\w+\.\w+)`", one.kept.words):
            section, _, setting = name.partition(".")
            assert name in of_stack or hasattr(getattr(settings(), section), setting), name


def test_the_page_on_data_shows_the_table() -> None:
    page = PAGE.read_text()
    assert written(page) == page, "make docs"
