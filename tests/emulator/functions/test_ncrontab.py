"""The times of timer triggers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.functions.ncrontab import NotNcrontab, parse

MONDAY = datetime(2026, 11, 30, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("0 */5 * * * *", "2026-11-30T10:05:00"),
        ("0 0 4 * * Mon", "2026-12-07T04:00:00"),
        ("0 0 4 * * 1-5", "2026-12-01T04:00:00"),
        ("*/15 * * * * *", "2026-11-30T10:00:15"),
        ("0 30 9,15 * * *", "2026-11-30T15:30:00"),
        ("0 0 0 1 1 *", "2027-01-01T00:00:00"),
        ("0 0 0 29 Feb *", "2028-02-29T00:00:00"),
        ("30 9 * * *", "2026-12-01T09:30:00"),
    ],
)
def test_the_next_time(expression: str, wanted: str) -> None:
    assert parse(expression).after(MONDAY) == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("* * *", "3 fields"),
        ("0 0 24 * * *", "the field hour"),
        ("0 0 4 * * Fun", "day of the week"),
        ("0 */0 * * * *", "step"),
        ("0 9-5 * * * *", "backwards"),
    ],
)
def test_what_is_wrong_names_the_field(expression: str, said: str) -> None:
    with pytest.raises(NotNcrontab, match=said):
        parse(expression)


@given(st.integers(0, 59), st.integers(1, 30), st.integers(0, 23), st.datetimes(MONDAY.replace(tzinfo=None)))
def test_each_time_fits_and_none_is_left_out(second: int, step: int, hour: int, moment: datetime) -> None:
    schedule, moment = parse(f"{second} */{step} {hour} * * *"), moment.replace(tzinfo=UTC, year=2027)
    found = schedule.after(moment)
    assert found > moment
    assert (found.second, found.hour, found.minute % step) == (second, hour, 0)
    assert (found - moment).total_seconds() <= 24 * 3600
    assert schedule.after(found.replace(microsecond=0)) > found
