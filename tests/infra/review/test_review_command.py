"""The review of a change: the command, its exit codes, and what it refuses to read."""

import dataclasses
import json
from pathlib import Path

import pytest

from infra.graph.canonical import dump
from infra.graph.model import Graph
from infra.review.__main__ import main
from infra.review.render import marker
from infra.review.review import Review, as_json
from tests.infra.golden import FOLDER
from tools import review_example as example


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    base, head = tmp_path / "base.json", tmp_path / "head.json"
    base.write_text(dump(example.base()))
    head.write_text(dump(example.head()))
    return str(base), str(head)


def test_it_exits_with_1_when_a_policy_fails(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*files, "--beside", str(FOLDER / "prod.json")]) == 1
    assert capsys.readouterr().out.startswith(marker("stage"))
    assert main([files[0], files[0]]) == 0


def test_strict_exits_with_1_when_anything_hurts(tmp_path: Path, stage: Graph) -> None:
    head = tmp_path / "head.json"
    changed = [
        dataclasses.replace(r, inputs={**r.inputs, "containerName": "other"})
        if r.kind == "BlobContainer"
        else r
        for r in stage.resources
    ]
    head.write_text(dump(Graph(changed, stack="stage")))
    base = str(FOLDER / "stage.json")
    assert main([base, str(head)]) == 0
    assert main([base, str(head), "--strict"]) == 1


def test_json_says_the_same(files: tuple[str, str], capsys: pytest.CaptureFixture[str], ten: Review) -> None:
    main([*files, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"replaced": 2, "removed": 2, "added": 1, "changed": 5, "renamed": 1}
    assert len(told["hurts"]) == 9
    assert told["hurts"] == as_json(ten)["hurts"]
    assert {change["name"] for change in told["changes"] if change["was"]} == {"identities-trainer"}


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"format": 1}'])
def test_a_file_that_is_no_graph_is_named(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "it.json"
    file.write_text(content)
    assert main([str(file), str(file)]) == 2
    assert str(file) in capsys.readouterr().err


def test_a_file_that_is_not_there_and_another_stack_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere.json", "nowhere.json"]) == 2
    assert "nowhere.json cannot be read" in capsys.readouterr().err
    assert main([str(FOLDER / "stage.json"), str(FOLDER / "prod.json")]) == 2
    assert "give one stack's" in capsys.readouterr().err
