"""The arithmetic of the autoscaler, held to Kubernetes' documentation and to its own tests' tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.kubernetes.controllers.autoscaling import Change, Decision, Usage, decide, target_of, wish


def pods(*used: float | None, requested: float = 1.0, ready: int | None = None) -> list[Usage]:
    return [Usage(u, requested, ready is None or i < ready) for i, u in enumerate(used)]


# (use of each pod, pods now, target %, wanted): replica_calculator_test.go
@pytest.mark.parametrize(
    ("used", "current", "target", "wanted"),
    [
        ((0.3, 0.5, 0.7), 3, 30, 5),  # TestReplicaCalcScaleUp
        ((0.1, 0.3, 0.5, 0.25, 0.25), 5, 50, 3),  # ..ScaleDown
        ((1.01, 1.02, 1.03), 3, 100, 3),  # ..ToleranceCPU: within a tenth
        ((0.2, 0.2), 2, 200, 1),
    ],
)
def test_more_pods_for_more_use(used: tuple[float, ...], current: int, target: float, wanted: int) -> None:
    assert wish(pods(*used), current, target, share=True).replicas == wanted


def test_a_pod_that_is_not_ready_counts_as_idle_where_more_are_wanted() -> None:
    """..ScaleUpUnreadyLessScale: (0.5 + 0.7) of two at 30% would be 4; with one more, idle, it is 4 of 3."""
    found = wish(pods(0.5, 0.7, 0.3, ready=2), 3, 30, share=True)
    assert found.replicas == 4 and found.now == 60


def test_a_pod_without_a_measurement_is_taken_to_be_at_work_where_fewer_are_wanted() -> None:
    """..MissingMetricsLessScaleDown of replica_calculator_test.go: 5 pods, 2 unmeasured."""
    assert wish(pods(0.1, 0.4, None, 0.2, 0.3, None), 6, 50, share=True).replicas == 6


def test_nothing_is_said_without_measurements_or_requests() -> None:
    assert wish([], 1, 50, share=True).why.startswith("no pods returned by selector")
    assert "did not receive metrics" in wish(pods(None), 1, 50, share=True).why
    assert "missing request" in wish(pods(0.1, requested=0), 1, 50, share=True).why


SPEC: dict[str, Any] = {"minReplicas": 2, "maxReplicas": 10}


def test_pods_come_at_once_and_go_when_five_minutes_wanted_fewer() -> None:
    assert decide(SPEC, 2, 4, [], [], 1000.0) == Decision(4)
    assert decide(SPEC, 4, 2, [(800.0, 4)], [], 1000.0) == Decision(4, held="ScaleDownStabilized")
    assert decide(SPEC, 4, 2, [(699.0, 4), (800.0, 3)], [], 1000.0) == Decision(3, held="ScaleDownStabilized")
    assert decide(SPEC, 4, 2, [(699.0, 4)], [], 1000.0) == Decision(2)


def test_limits_are_named() -> None:
    assert decide(SPEC, 4, 40, [], [], 0.0) == Decision(8, "ScaleUpLimit")
    assert decide(SPEC, 8, 40, [], [], 0.0) == Decision(10, "TooManyReplicas")
    assert decide(SPEC, 3, 1, [], [], 0.0) == Decision(2, "TooFewReplicas")
    assert decide(SPEC, 4, 8, [], [Change(-5.0, 2)], 0.0) == Decision(6, "ScaleUpLimit")


def test_policies_are_obeyed() -> None:
    policy = {"type": "Pods", "value": 1, "periodSeconds": 60}
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 0, "policies": [policy]}}
    spec = {**SPEC, "behavior": behavior}
    assert decide(spec, 6, 2, [], [], 0.0) == Decision(5, "ScaleDownLimit")
    assert decide(spec, 5, 2, [], [Change(-30.0, -1)], 0.0) == Decision(5, "ScaleDownLimit")
    off = {**SPEC, "behavior": {"scaleUp": {"selectPolicy": "Disabled"}}}
    assert decide(off, 3, 9, [], [], 0.0) == Decision(3, "ScaleUpLimit")


@given(
    st.integers(1, 5),
    st.integers(0, 10),
    st.integers(0, 30),
    st.integers(0, 40),
    st.lists(st.tuples(st.floats(-400, 0), st.integers(0, 40)), max_size=4),
    st.lists(st.tuples(st.floats(-30, 0), st.integers(-5, 5)), max_size=3),
)
def test_the_number_stays_between_its_bounds(
    least: int,
    more: int,
    current: int,
    wanted: int,
    wishes: list[tuple[float, int]],
    changes: list[tuple[float, int]],
) -> None:
    spec = {"minReplicas": least, "maxReplicas": least + more}
    current = min(max(current, least), least + more)
    found = decide(spec, current, wanted, wishes, [Change(*one) for one in changes], 0.0)
    assert least <= found.replicas <= least + more


def test_what_is_not_emulated_is_no_target() -> None:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    assert target_of({"type": "Resource", "resource": cpu}) == ("cpu", 60.0, True)
    value = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "256Mi"}}
    assert target_of({"type": "Resource", "resource": value}) == ("memory", 256 * 2**20, False)
    assert target_of({"type": "External", "external": {}}) is None
