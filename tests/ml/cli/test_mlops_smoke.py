from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.images.dockerfile import Instruction, parse
from ml.commands.score import draw
from ml.deploy.smoke import differences
from ml.errors import MlopsError
from ml.jobs.environment import training_context
from scoring.kernel.sources import SOURCES

ROOT = Path(__file__).parents[3]

answers = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | st.text(max_size=3),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3)
    ),
    max_leaves=8,
)


@given(answers)
def test_an_answer_does_not_differ_from_itself(answer):
    assert differences(answer, answer, 0.0) == []


@pytest.mark.parametrize(
    ("expected", "found", "named"),
    [
        ({"p": 0.5}, {"p": 0.51}, "p: 0.51"),
        ({"p": 0.5}, {}, "p is missing"),
        ({"p": [1, 2]}, {"p": [1]}, "p: expected 2 values"),
        ({"rows": [{"flag": True}]}, {"rows": [{"flag": False}]}, "rows[0].flag"),
        ({"label": 1}, {"label": True}, "label: True"),
        ({"label": "1"}, {"label": 1}, "label: 1"),
        ({"p": {"q": 1}}, {"p": 3}, "p: 3 is no object"),
    ],
)
def test_each_difference_is_named(expected, found, named):
    assert any(line.startswith(named) for line in differences(expected, found, 1e-3))


def test_what_is_within_the_tolerance_or_beyond_the_record_is_no_difference():
    assert differences({"p": 0.5}, {"p": 0.5004, "more": 1}, 1e-3) == []


@given(st.integers(0, 500), st.integers(1, 600), st.integers(0, 9))
def test_rows_are_drawn_without_repeats_and_the_same_each_time(total: int, wanted: int, seed: int):
    chosen = draw(total, wanted, seed)
    assert len(set(chosen)) == len(chosen) == min(total, wanted)
    assert all(0 <= position < total for position in chosen)
    assert chosen == draw(total, wanted, seed)


def test_the_first_rows_drawn_come_from_the_whole_file():
    assert max(draw(30_000, 300, 1)[:100]) > 25_000


def test_the_training_context_names_what_is_missing(tmp_path: Path):
    with pytest.raises(MlopsError, match="environments/training/Dockerfile"):
        training_context(tmp_path)


def test_the_training_context_has_what_the_machine_code_is_compiled_of():
    context = training_context(ROOT)
    assert {f"scoring/kernel/{name}" for name in (*SOURCES, "build.py", "sources.py")} < set(context)
    assert not [name for name in context if name.endswith((".pyc", ".so"))]
    for name, content in context.items():
        if name.startswith("scoring/"):
            assert content == (ROOT / name).read_bytes()


def test_each_image_compiles_the_machine_code_in_the_same_way():
    """So jobs and the service evaluate by the same code, to the last bit, and a build's layers are shared."""

    def stage(image: str) -> list[tuple[str, str]]:
        stages = parse((ROOT / "environments" / image / "Dockerfile").read_text()).stages
        (kernel,) = (one for one in stages if one.name == "kernel")
        words: list[Instruction] = [kernel.base, *kernel.body]
        return [(one.name, one.text) for one in words]

    assert stage("training") == stage("scoring") == stage("edge")
    installed = (ROOT / "environments/training/Dockerfile").read_text().rpartition("COPY --from=kernel")[2]
    assert "--no-index --no-deps dist/*.whl" in installed
