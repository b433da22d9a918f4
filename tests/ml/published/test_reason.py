"""A run says why it was started: in its tags, and in the inputs with which the endpoint was called."""

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.published.reason import LONGEST_WORDS, Reason, StartedBy

TEXT = st.text(max_size=60).filter(str.isprintable)
WORDS = TEXT.filter(str.strip)
EVENTFUL: list[StartedBy] = ["schedule", "data", "metric"]


@given(st.sampled_from(EVENTFUL), WORDS, TEXT.filter(bool), TEXT)
def test_tags_and_inputs_give_the_reason_back(by: StartedBy, words: str, event: str, data: str) -> None:
    reason = Reason(by, words, event, data)
    assert Reason.of(reason.tags() | {"other": "tag"}) == reason
    assert Reason.of_inputs(reason.inputs() | {"trials": "3"}) == reason
    for value in reason.inputs().values():
        assert re.fullmatch(r"[A-Za-z0-9_.%]+", value)
        assert shlex.split(value) == [value]


def test_a_person_has_no_event() -> None:
    reason = Reason("person", "  the  new\nyear ", data="credit:3")
    assert reason.tags() == {
        "mlops.started_by": "person",
        "mlops.reason": "the new year",
        "mlops.data": "credit:3",
    }
    assert "event" not in reason.inputs()


@pytest.mark.parametrize(
    ("by", "words", "event", "said"),
    [
        ("robot", "because", "", "'robot': expected one of person, schedule, data, metric"),
        ("person", " \n", "", "the reason is empty"),
        ("person", "x" * (LONGEST_WORDS + 1), "", "201 characters, at most 200"),
        ("person", "a\x07b", "", "cannot be printed"),
        ("person", "because", "event-1", "expected none"),
        ("data", "a file", "", "expected the id of what started it"),
    ],
)
def test_what_cannot_be_recorded_is_refused(by: StartedBy, words: str, event: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Reason(by, words, event)


def test_a_run_without_a_reason_has_none() -> None:
    assert Reason.of({"key": "abc"}) is None
    assert Reason.of({"mlops.started_by": "person"}) is None
    assert Reason.of_inputs({"data_name": "credit%3A3"}) is None
