"""The binding language, the order of steps, and literal values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.machinelearning.expressions import parse_reference, references, render_command, whole
from emulator.machinelearning.graph import CycleError, check_acyclic, descendants, ready
from emulator.machinelearning.literals import complaint


@pytest.mark.parametrize(
    ("text", "form", "step", "name"),
    [
        ("parent.inputs.raw", "parent_input", "", "raw"),
        ("parent.inputs.group.raw", "parent_input", "", "group.raw"),
        ("parent.jobs.prepare.outputs.rows", "step_output", "prepare", "rows"),
        ("parent.outputs.model", "parent_output", "", "model"),
        ("inputs.x", "input", "", "x"),
        ("outputs.y", "output", "", "y"),
        ("name", "job_name", "", "name"),
        ("parent.jobs.prepare.inputs.raw", "unknown", "", "parent.jobs.prepare.inputs.raw"),
    ],
)
def test_references_are_told_apart(text: str, form: str, step: str, name: str) -> None:
    found = parse_reference(text)
    assert (found.form, found.step, found.name) == (form, step, name)


def test_whole_takes_one_reference_and_nothing_else() -> None:
    found = whole(" ${{ parent.inputs.raw }} ")
    assert found is not None and found.name == "raw"
    assert whole("${{parent.inputs.a}}-${{parent.inputs.b}}") is None
    assert whole("raw") is None
    assert [found.name for found in references("${{inputs.a}} $[[--b ${{inputs.b}}]]")] == ["a", "b"]


def test_command_leaves_out_optional_parts_without_value() -> None:
    command = (
        "run --x ${{inputs.x}} $[[--rate ${{inputs.rate}}]] $[[--seed ${{inputs.seed}}]] > ${{outputs.o}}"
    )
    assert render_command(command, {"x": "1", "seed": ""}, {"o": "/out"}) == "run --x 1  --seed  > /out"
    assert render_command(command, {"x": "1", "rate": "2", "seed": "3"}, {"o": "/out"}) == (
        "run --x 1 --rate 2 --seed 3 > /out"
    )
    with pytest.raises(KeyError, match=r"inputs\.x"):
        render_command(command, {}, {"o": "/out"})


def test_values_are_not_read_as_expressions() -> None:
    assert (
        render_command("echo ${{inputs.a}}", {"a": "${{inputs.b}} $[[x]]"}, {}) == "echo ${{inputs.b}} $[[x]]"
    )


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, set[str]]:
    """Acyclic: a step waits only for steps that were drawn before it; the order of keys is shuffled."""
    names = [f"s{index}" for index in range(draw(st.integers(1, 12)))]
    edges = {
        name: draw(st.sets(st.sampled_from(names[:index]))) if index else set[str]()
        for index, name in enumerate(names)
    }
    return {name: edges[name] for name in draw(st.permutations(names))}


@given(graphs())
def test_every_step_runs_once_and_after_what_it_waits_for(graph: dict[str, set[str]]) -> None:
    check_acyclic(graph)
    done: list[str] = []
    while batch := ready(graph, done):
        assert all(graph[step] <= set(done) for step in batch)
        done += batch
    assert sorted(done) == sorted(graph)


@given(graphs(), st.data())
def test_a_cycle_is_found_and_named(graph: dict[str, set[str]], data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(sorted(graph)))
    end = data.draw(st.sampled_from(sorted({step, *descendants(graph, step)})))
    broken = {**graph, step: graph[step] | {end}}
    with pytest.raises(CycleError) as caught:
        check_acyclic(broken)
    cycle = caught.value.steps
    assert all(after in broken[before] for before, after in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


@pytest.mark.parametrize(
    ("declaration", "text", "right"),
    [
        ({"type": "integer"}, "-3", True),
        ({"type": "integer"}, "3.0", False),
        ({"type": "integer", "min": 1, "max": 9}, "5", True),
        ({"type": "integer", "min": 1, "max": 9}, "0", False),
        ({"type": "number"}, "1e-3", True),
        ({"type": "number"}, "one", False),
        ({"type": "boolean"}, "True", True),
        ({"type": "boolean"}, "yes", False),
        ({"type": "number", "min": 0, "max": 1}, "1.5", False),
        ({"type": "number", "min": "0", "max": "1"}, "0.5", True),
        ({"type": "string", "enum": ["a", "b"]}, "c", False),
        ({"type": "string"}, "", True),
    ],
)
def test_literals_are_checked_by_their_type(declaration: dict[str, object], text: str, right: bool) -> None:
    assert (complaint(declaration, text) is None) is right
