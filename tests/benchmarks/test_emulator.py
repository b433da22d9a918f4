"""The accounting of benchmarks.emulator: that it adds up and judges rightly what it measures."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.emulator import preview, resources, steps
from benchmarks.emulator.__main__ import SECTIONS, as_json, report, sections
from benchmarks.emulator.figures import Figure, all_met, middle, shown
from benchmarks.emulator.preview import ENGINE, PROGRAM, PROVIDER, Seen, account, part_of
from benchmarks.emulator.world import BenchmarkError

FIGURE = Figure("key", "title", 1.5, "s", 1.5, "a peer", 3.0)


def test_a_goal_is_met_at_its_bound_and_missed_above() -> None:
    assert FIGURE.met is True
    assert replace(FIGURE, value=1.501).met is False
    assert replace(FIGURE, goal=None).met is None
    assert FIGURE.ratio == 0.5
    assert replace(FIGURE, peer_value=None).ratio is None


def test_all_goals_are_met_only_when_there_are_some() -> None:
    plain = replace(FIGURE, goal=None)
    assert all_met([FIGURE, plain])
    assert not all_met([FIGURE, replace(FIGURE, value=2.0)])
    assert not all_met([plain])
    assert not all_met([])


def test_nothing_measured_is_no_figure() -> None:
    assert middle([3.0, 1.0, 2.0]) == 2.0
    with pytest.raises(ValueError, match="nothing was measured"):
        middle([])


def test_what_is_printed_and_written() -> None:
    missed = replace(FIGURE, value=2.0)
    assert FIGURE.row() == ("title", "1.5 s", "<= 1.5 s", "met", "0.50x of a peer (3 s)")
    assert missed.row()[3] == "not met"
    assert [shown(value) for value in (0.01234, 12.34, 1234.5)] == ["0.0123", "12.3", "1234"]
    table = report([FIGURE, missed])
    assert [row.style for row in table.rows] == ["", "red"]
    written = json.loads(json.dumps(as_json([FIGURE, missed], 12.34)))
    assert (written["seconds"], written["all_goals_met"]) == (12.3, False)
    assert written["figures"][0]["ratio_to_peer"] == 0.5


def test_sections_are_checked() -> None:
    assert sections("steps, ready") == ("steps", "ready")
    for wrong in ("", "step", "ready,other"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected some of"):
            sections(wrong)
    assert {"ready", "preview", "steps", "resources"} == set(SECTIONS)


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (["/usr/bin/python", "-P", "-m", "emulator.provider", "--home", "/h", "1.2.3.4:5"], PROVIDER),
        (["/x/pulumi", "preview"], ENGINE),
        (["/x/pulumi-language-python", "127.0.0.1:1"], PROGRAM),
        (["/x/python", "-m", "emulator", "run", "--", "pulumi", "preview"], ""),
        (["/bin/sh", "/opt/plugins/pulumi-resource-azure-native"], ""),
        ([], ""),
    ],
)
def test_processes_are_told_apart(command: list[str], part: str) -> None:
    assert part_of(command) == part


def test_cpu_is_counted_once_a_process_and_children_with_their_parents() -> None:
    seen = [
        Seen((1, 0.0), 0, "", 0.2),  # `emulator run`, which becomes the engine
        Seen((1, 0.0), 0, ENGINE, 0.5),
        Seen((2, 1.0), 1, PROVIDER, 0.1),
        Seen((2, 1.0), 1, PROVIDER, 0.3),
        Seen((3, 1.0), 1, PROGRAM, 0.1),
        Seen((4, 2.0), 3, "", 1.0),  # the program itself, a child of its host
        Seen((5, 2.0), 2, "", 0.05),  # a helper of the provider
        Seen((2, 9.0), 1, PROVIDER, 0.02),  # another process with the same pid
        Seen((9, 9.0), 8, "", 0.01),  # of a parent that was never seen
    ]
    found = account(seen)
    assert found[PROVIDER] == pytest.approx(0.3 + 0.05 + 0.02)
    assert found[PROGRAM] == pytest.approx(1.1)
    assert found[ENGINE] == pytest.approx(0.51)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5), st.floats(0, 10)), max_size=20))
def test_no_cpu_is_lost_or_counted_twice(samples: list[tuple[int, int, float]]) -> None:
    seen = [Seen((pid, 0.0), parent, PROVIDER if pid == 1 else "", cpu) for pid, parent, cpu in samples]
    most = {pid: max(cpu for other, _, cpu in samples if other == pid) for pid, _, _ in samples}
    assert sum(account(seen).values()) == pytest.approx(sum(most.values()))


def test_the_least_disturbed_preview_counts_and_an_unseen_provider_is_no_success() -> None:
    runs = [{PROVIDER: 0.5, PROGRAM: 4.0}, {PROGRAM: 3.0}, {PROVIDER: 0.4, PROGRAM: 5.0}]
    assert preview.least(runs) == {PROVIDER: 0.4, PROGRAM: 5.0}
    with pytest.raises(BenchmarkError, match="no provider was seen"):
        preview.least([{PROGRAM: 3.0}])


def test_own_time_of_a_step_is_from_end_to_begin() -> None:
    assert steps.between([(0, 5_000_000), (25_000_000, 26_000_000), (27_500_000, 28_000_000)]) == [20.0, 1.5]
    assert steps.between([(0, 1)]) == []
    assert steps.stamps("17\nnoise\n 21 \n") == (17, 21)
    with pytest.raises(ValueError, match="two times"):
        steps.stamps("17\n")


def test_the_measured_pipeline_is_a_chain() -> None:
    jobs = steps.pipeline(3)["properties"]["jobs"]
    assert list(jobs) == ["step0", "step1", "step2"]
    assert jobs["step0"]["inputs"] == {}
    assert jobs["step2"]["inputs"]["before"]["value"] == "${{parent.jobs.step1.outputs.out}}"


def test_of_several_runs_the_least_disturbed_counts() -> None:
    runs = [{"count": 100, "a": 2.0, "b": 1.0}, {"count": 100, "a": 1.0, "b": 3.0}]
    assert resources.least(runs) == {"count": 100, "a": 1.0, "b": 1.0}


def test_growth_is_by_cpu_and_cost_by_the_clock() -> None:
    measured = [
        {"count": 100, "create_s_each": 0.004, "create_cpu_ms_each": 4.0,
         "delete_s_each": 0.003, "delete_cpu_ms_each": 3.0},
        {"count": 500, "create_s_each": 0.005, "create_cpu_ms_each": 4.0,
         "delete_s_each": 0.002, "delete_cpu_ms_each": 3.6},
    ]  # fmt: skip
    found = {one.key: one for one in resources.table(measured, {"create": 0.002, "delete": 0.001})}
    assert (found["create_500"].value, found["create_500"].ratio) == (5.0, 2.5)
    assert (found["create_growth"].value, found["create_growth"].met) == (1.0, True)
    assert (found["delete_growth"].value, found["delete_growth"].met) == (pytest.approx(1.2), False)
