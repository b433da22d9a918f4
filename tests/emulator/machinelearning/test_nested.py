"""Pipelines inside pipelines: cut off, failed and deep ones; values followed through every depth."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from emulator.machinelearning.bindings import followed
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.plan_pipeline import parse_pipeline
from emulator.machinelearning.steps import Nested, Source
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab

Json = dict[str, Any]
HERE = Workspace.of(estate.WORKSPACE)
FOLDER = {"type": "uri_folder"}


def literal(text: str) -> Json:
    return {"job_input_type": "literal", "value": text}


def node(component: str, kind: str = "command", **inputs: str) -> Json:
    bound = {name: literal(text) for name, text in inputs.items()}
    return {"type": kind, "componentId": component, "inputs": bound}


def pipeline_component(lab: Lab, name: str, jobs: Json, inputs: Json, outputs: Json) -> str:
    spec = {"type": "pipeline", "jobs": jobs, "inputs": inputs, "outputs": outputs}
    body = {"properties": {"componentSpec": spec}}
    return lab.write(f"{estate.WORKSPACE}/components/{name}/versions/1", body)["id"]


def waiting(lab: Lab, tmp_path: Path, end: str) -> str:
    """A pipeline component of two steps; the second waits for a file and ends as ``end`` says."""
    first = lab.component(
        "first", f"echo x >> {tmp_path}/first; echo 1 > ${{{{outputs.o}}}}/f", outputs={"o": FOLDER}
    )
    wait = f"echo x >> {tmp_path}/second; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; {end}"
    copy = "cp ${{inputs.i}}/f ${{outputs.o}}/f"
    second = lab.component("second", f"{wait}; {copy}", {"i": FOLDER}, {"o": FOLDER})
    steps = {
        "one": node(first),
        "two": {
            **node(second, i="${{parent.jobs.one.outputs.o}}"),
            "outputs": {"o": literal("${{parent.outputs.r}}")},
        },
    }
    return pipeline_component(lab, "inner", steps, {}, {"r": FOLDER})


def test_cut_off_nested_pipeline_goes_on_from_its_last_finished_step(lab: Lab, tmp_path: Path) -> None:
    show = lab.component("show", "cat ${{inputs.i}}/f", {"i": FOLDER})
    steps = {
        "in": node(waiting(lab, tmp_path, "true"), "pipeline"),
        "show": node(show, i="${{parent.jobs.in.outputs.r}}"),
    }
    lab.pipeline("cut", steps)
    while not (tmp_path / "second").exists():
        time.sleep(0.02)
    lab.emulator.close()
    (tmp_path / "go").touch()
    lab.start()
    assert lab.until("cut") == "Completed"
    assert (tmp_path / "first").read_text() == "x\n"
    assert (tmp_path / "second").read_text() == "x\nx\n"
    assert lab.log(lab.child("cut", "show")) == "1\n"


def test_failure_inside_a_nested_pipeline_tells_both_steps(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    behind = lab.component("behind", "true", {"i": FOLDER})
    steps = {
        "in": node(waiting(lab, tmp_path, "exit 4"), "pipeline"),
        "behind": node(behind, i="${{parent.jobs.in.outputs.r}}"),
    }
    lab.pipeline("fails", steps)
    assert lab.until("fails") == "Failed"
    inner = lab.child("fails", "in")
    assert lab.status(inner) == "Failed"
    assert lab.status(lab.child(inner, "one")) == "Completed"
    assert "behind" not in lab.record("fails")["steps"]
    message = lab.record("fails")["error"]["message"]
    assert "Step 'in' of the pipeline failed: Step 'two' of the pipeline failed: " in message
    assert "exit code 4" in message


def test_cancellation_that_was_cut_off_reaches_every_depth(lab: Lab, tmp_path: Path) -> None:
    lab.pipeline("cut", {"in": node(waiting(lab, tmp_path, "true"), "pipeline")})
    while not (tmp_path / "second").exists():
        time.sleep(0.02)
    lab.emulator.close()
    lab.emulator = type(lab.emulator)(lab.home)
    record = lab.record("cut")
    lab.emulator.store.put_document("ml-run", record["job"].lower(), {**record, "status": "CancelRequested"})
    lab.emulator.started()
    assert lab.until("cut") == "Canceled"
    inner = lab.child("cut", "in")
    assert [lab.status(name) for name in (inner, lab.child(inner, "two"))] == ["Canceled", "Canceled"]


def test_failure_that_was_cut_off_ends_the_steps_beside_it(lab: Lab, tmp_path: Path) -> None:
    """Killed once the failure was kept, before the steps beside it were cancelled: none stays Running."""
    bad = lab.component("bad", f"touch {tmp_path}/bad; sleep 1000")
    lab.pipeline("cut", {"in": node(waiting(lab, tmp_path, "true"), "pipeline"), "bad": node(bad)})
    while not (tmp_path / "second").exists() or not (tmp_path / "bad").exists():
        time.sleep(0.02)
    lab.emulator.close()
    lab.emulator = type(lab.emulator)(lab.home)
    record = lab.record(lab.child("cut", "bad"))
    failed = {**record, "status": "Failed", "error": {"code": "UserError", "message": "oh no"}}
    lab.emulator.store.put_document("ml-run", record["job"].lower(), failed)
    lab.emulator.started()
    assert lab.until("cut") == "Failed"
    inner = lab.child("cut", "in")
    found = [lab.status(name) for name in (inner, lab.child(inner, "one"), lab.child(inner, "two"))]
    assert found == ["Canceled", "Completed", "Canceled"]


NAMES = st.sampled_from(["a", "b", "c", "d"])
TEXTS = st.text(alphabet="xyz${} ", max_size=5)


@given(
    st.dictionaries(NAMES, st.one_of(st.none(), TEXTS)),  # declared -> default
    st.dictionaries(NAMES, st.one_of(TEXTS.map(lambda text: Source("literal", text)), NAMES)),  # or a parent
    st.dictionaries(NAMES, TEXTS),  # the pipeline around
)
def test_inputs_are_followed_to_where_they_begin(
    defaults: dict[str, str | None], bound: dict[str, Source | str], outer: dict[str, str]
) -> None:
    declarations = {
        name: {"type": "string"} | ({} if text is None else {"default": text})
        for name, text in defaults.items()
    }
    inputs = {name: Source("parent", name=to) if isinstance(to, str) else to for name, to in bound.items()}
    around = {name: Source("literal", text) for name, text in outer.items()}
    found = followed(declarations, inputs, around)
    for name, default in defaults.items():
        to = bound.get(name)
        value = outer.get(to) if isinstance(to, str) else to.text if to is not None else None
        expected = default if value is None else value
        assert (found[name].text if name in found else None) == expected
    assert found.keys() <= defaults.keys()


@given(st.integers(1, 12))
def test_a_literal_is_followed_through_any_depth(depth: int) -> None:
    step: Json = {"type": "command", "command": "echo ${{inputs.x}}", "inputs": {"x": {"type": "integer"}}}
    components: dict[str, Json] = {"c0": step}
    for level in range(1, depth + 1):
        components[f"c{level}"] = {
            "type": "pipeline",
            "inputs": {"x": {"type": "integer"}},
            "jobs": {
                "n": node(f"c{level - 1}", components[f"c{level - 1}"]["type"], x="${{parent.inputs.x}}")
            },
        }

    def plan(text: str) -> tuple[Any, list[tuple[str, str]]]:
        top = {"n": node(f"c{depth}", "pipeline", x=text)}
        pipeline, complaints = parse_pipeline(HERE, {"jobs": top}, components.get)
        return pipeline, complaints.found

    pipeline, found = plan("5")
    assert found == []
    steps = list(pipeline.walk("properties."))
    assert [isinstance(step, Nested) for _, step in steps] == [True] * depth + [False]
    _, found = plan("five")
    assert found == [("properties.jobs.n.inputs.x", "'five' is no integer")]
