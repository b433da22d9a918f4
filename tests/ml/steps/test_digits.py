import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ml.steps.digits import told_apart


@pytest.mark.parametrize(
    ("found", "limit", "expected"),
    [
        (0.782, 0.75, ("0.782", "0.750")),
        (0.04003, 0.04, ("0.04003", "0.04000")),
        (0.0400000049, 0.04, ("0.040000005", "0.040000000")),
        (0.05, 0.05, ("0.050", "0.050")),
        (0.1, 0.0005, ("0.1000", "0.0005")),
        (0.5, 1 / 3, ("0.50000000", "0.33333333")),
        (5e-324, 0.0, ("5e-324", "0.0")),
    ],
)
def test_a_broken_bound_is_seen_in_its_digits(found: float, limit: float, expected: tuple[str, str]) -> None:
    assert told_apart(found, limit) == expected


limits = st.floats(0, 1).map(lambda value: round(value, 4))


@given(st.floats(0, 1), limits | st.floats(0, 1))
@example(0.0400000049, 0.04)
@example(0.1 + 0.2, 0.3)
def test_digits_never_say_the_opposite_or_nothing(found: float, limit: float) -> None:
    words = told_apart(found, limit)
    shown = [float(each) for each in words]
    assert (shown[0] <= shown[1]) or found > limit
    assert (shown[0] >= shown[1]) or found < limit
    assert (words[0] == words[1]) is (found == limit)


@given(limits, limits, st.floats(1e-12, 1e-3))
def test_neighbours_of_a_limit_are_told_apart(limit: float, other: float, step: float) -> None:
    for found in (other, limit + step, limit - step):
        words = told_apart(found, limit, 4)
        assert (float(words[0]) > float(words[1])) is (found > limit)
