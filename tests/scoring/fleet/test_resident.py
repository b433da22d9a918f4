"""What is in memory, held to a plain model of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.fleet.resident import Resident

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("get"), st.sampled_from("abcdef"), st.just(0)),
        st.tuples(st.just("put"), st.sampled_from("abcdef"), st.integers(0, 12)),
    ),
    max_size=25,
)


@settings(max_examples=120, deadline=None)
@given(STEPS, st.integers(1, 20))
def test_the_least_recently_used_leave_and_the_bound_always_holds(
    steps: list[tuple[str, str, int]], most: int
) -> None:
    held: Resident[int] = Resident(most)
    plain: list[tuple[str, int, int]] = []  # key, value, size; the least recently used first
    for number, (what, key, size) in enumerate(steps):
        before = next((one for one in plain if one[0] == key), None)
        if what == "get":
            assert held.get(key) == (before[1] if before else None)
            if before:
                plain = [*(one for one in plain if one[0] != key), before]
            continue
        left = held.put(key, number, size)
        plain = [one for one in plain if one[0] != key]
        expected: dict[str, int] = {}
        if size > most:
            expected[key] = size
        else:
            plain.append((key, number, size))
            while sum(one[2] for one in plain) > most:
                gone = plain.pop(0)
                expected[gone[0]] = gone[2]
        assert left == expected
        assert held.keys() == tuple(one[0] for one in plain)
        assert held.bytes == sum(one[2] for one in plain) <= most


def test_asking_whether_it_is_held_is_no_use_of_it() -> None:
    held: Resident[str] = Resident(2)
    held.put("a", "A", 1)
    held.put("b", "B", 1)
    assert "a" in held
    assert held.put("c", "C", 1) == {"a": 1}
    assert len(held) == 2
