"""What is begun before its turn: it runs beside, once, and has ended or failed where it is asked for."""

import ast
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import ml.estate
from ml.terminal.ahead import ahead
from ml.terminal.run import STORAGE, run

COMMANDS = Path(ml.estate.__file__).parent / "commands"


def test_a_call_is_begun_at_once_and_made_once() -> None:
    began, may_end = Event(), Event()
    calls: list[int] = []

    def call() -> int:
        calls.append(1)
        began.set()
        assert may_end.wait(20)
        return 7

    answer = ahead(call)
    assert began.wait(20)
    may_end.set()
    assert (answer(), answer(), calls) == (7, 7, [1])


def test_what_it_raises_is_raised_where_its_answer_is_asked_for() -> None:
    def call() -> int:
        raise ValueError("why")

    answer = ahead(call)
    with pytest.raises(ValueError, match="why"):
        answer()


SLOW = "import time\ntime.sleep(0.3)\nwhole = True\n"


def test_what_the_work_needs_is_imported_whole_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Packages whose modules import one another are half made to a second thread that imports them: on a busy
    machine `mlops status` ended with `cannot import name 'ApiClient'`."""
    (tmp_path / "imported_beside.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    estate: Any = object()
    monkeypatch.setattr(ml.estate, "read_estate", lambda environment, root: estate)

    def work(azure: Any, root: Path) -> dict[str, Any]:
        assert azure.estate is estate
        return {"whole": getattr(sys.modules["imported_beside"], "whole", False)}

    try:
        run("stage", True, True, work, str, imports=("no_such_module", "imported_beside"))
    finally:
        sys.modules.pop("imported_beside", None)
    assert '"whole": true' in capsys.readouterr().out


def test_what_is_imported_beside_is_there() -> None:
    """What cannot be imported there is passed over: a wrong name would only make a command slower."""
    names = set(STORAGE)
    for file in COMMANDS.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "imports":
                names |= {str(one.value) for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
    assert {"kubernetes.client", "pulumi.automation", "azure.monitor.query"} <= names
    assert [name for name in sorted(names) if find_spec(name) is None] == []
