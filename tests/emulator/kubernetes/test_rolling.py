"""The arithmetic of a rolling update, held to the tables of Kubernetes' own tests and to what it promises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.kubernetes.controllers.rolling import Counts, bounds, grown, proportional, scaled, shrunk


@pytest.mark.parametrize(
    ("value", "total", "up", "wanted"),
    [(3, 10, True, 3), ("25%", 10, True, 3), ("25%", 10, False, 2), ("25%", 2, False, 0), ("0%", 7, True, 0)],
)
def test_percentages_are_rounded_as_asked(value: int | str, total: int, up: bool, wanted: int) -> None:
    assert scaled(value, total, up=up) == wanted


@pytest.mark.parametrize("text", ["", "25", "%", "-5%", "2.5%"])
def test_a_text_that_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a number nor a percentage"):
        scaled(text, 10, up=True)


@pytest.mark.parametrize(
    ("surge", "unavailable", "replicas", "wanted"),
    [("25%", "25%", 2, (1, 0)), ("25%", "25%", 10, (3, 2)), (0, "10%", 3, (0, 1)), (0, 5, 2, (0, 2))],
)
def test_an_update_can_always_move(
    surge: int | str, unavailable: int | str, replicas: int, wanted: tuple[int, int]
) -> None:
    assert bounds(surge, unavailable, replicas) == wanted


# (replicas, surge, the old set's pods, the new set's, the new set's then): TestDeploymentController_
# reconcileNewReplicaSet of Kubernetes
@pytest.mark.parametrize(
    ("replicas", "surge", "old", "new", "wanted"),
    [
        (10, 0, 0, 0, 10),
        (10, 0, 5, 0, 5),
        (10, 2, 0, 0, 10),
        (10, 2, 5, 0, 7),
        (10, 2, 10, 2, 2),
        (3, 1, 0, 5, 3),
    ],
)
def test_the_new_set_grows_into_the_surge(replicas: int, surge: int, old: int, new: int, wanted: int) -> None:
    assert grown(replicas, surge, Counts("new", new), [Counts("old", old)]) == wanted


# TestDeploymentController_reconcileOldReplicaSets and ..._cleanupUnhealthyReplicas
@pytest.mark.parametrize(
    ("replicas", "unavailable", "old", "new", "wanted"),
    [
        (10, 0, (10, 10), (0, 0), None),
        (10, 2, (10, 10), (0, 0), 8),
        (10, 2, (10, 8), (0, 0), 8),  # those that are not available go, and no other
        (2, 0, (2, 2), (1, 0), None),  # the new pod is not ready: the old ones stay
        (2, 0, (2, 2), (1, 1), 1),
    ],
)
def test_the_old_set_gives_way(
    replicas: int, unavailable: int, old: tuple[int, int], new: tuple[int, int], wanted: int | None
) -> None:
    plan = shrunk(replicas, unavailable, Counts("new", *new), [Counts("old", *old)])
    assert [one.replicas for one in plan] == ([] if wanted is None else [wanted])


def test_what_is_not_available_goes_first_and_the_oldest_first() -> None:
    old = [Counts("b", 4, 2, made=2), Counts("a", 3, 0, made=1)]
    assert [(one.name, one.replicas) for one in shrunk(5, 1, Counts("new", 0), old)] == [("a", 0)]


@given(
    st.integers(1, 12),
    st.integers(0, 4),
    st.integers(0, 4),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=3),
)
def test_a_rollout_ends_and_keeps_its_promises_on_the_way(
    replicas: int, surge: int, unavailable: int, sets: list[tuple[int, int]]
) -> None:
    """Pods become available one after another: never more than the surge, never fewer than promised."""
    most, missing = bounds(surge, unavailable, replicas)
    old = [Counts(f"old{i}", n, min(n, ready), made=i) for i, (n, ready) in enumerate(sets)]
    new = Counts("new", 0, 0, made=9)
    start = sum(one.replicas for one in old)
    floor = min(replicas - missing, sum(one.available for one in old))
    for _ in range(200):
        new = Counts("new", grown(replicas, most, new, old), new.available, 9)
        shrinking = {one.name: one.replicas for one in shrunk(replicas, missing, new, old)}
        old = [
            Counts(
                one.name,
                (n := shrinking.get(one.name, one.replicas)),
                # a ReplicaSet ends pods that are not available first
                min(one.available, n),
                one.made,
            )
            for one in old
        ]
        assert sum(one.replicas for one in (new, *old)) <= max(start, replicas + most)
        assert sum(one.available for one in (new, *old)) >= floor
        if new.available == new.replicas == replicas and not any(one.replicas for one in old):
            return
        new = Counts("new", new.replicas, min(new.available + 1, new.replicas), 9)
    pytest.fail(f"no end: {new}, {old}")


# TestScale of Kubernetes: proportional scaling of a rollout that stands still
@pytest.mark.parametrize(
    ("replicas", "surge", "before", "sets", "wanted"),
    [
        (12, 0, 10, [5, 5], [6, 6]),
        (5, 0, 10, [7, 3], [3, 2]),
        (0, 0, 10, [3, 7], [0, 0]),
        (20, 0, 10, [5, 3, 2], [10, 6, 4]),
        (6, 2, 3, [4], [8]),
    ],
)
def test_scaling_in_the_middle_of_a_rollout_keeps_the_proportions(
    replicas: int, surge: int, before: int, sets: list[int], wanted: list[int]
) -> None:
    counted = [Counts(str(i), n, made=i, before=before) for i, n in enumerate(sets)]
    found = proportional(replicas, surge, counted)
    assert list(dict(sorted(found.items())).values()) == wanted
