"""`make check`: which tests are the nearest to a change."""

import io
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from rich.console import Console

from tools.check import __main__ as program
from tools.check import budget
from tools.check.__main__ import NEAREST, commands
from tools.check.budget import LEFT_OUT
from tools.check.imports import distances, imported, module_of
from tools.check.selection import TOGETHER, GitError, Selection, changed_files, select

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "ml/__init__.py": "",
    "ml/base.py": "VALUE = 1\n",
    "ml/user.py": "def f():\n    from ml.base import VALUE\n    return VALUE\n",
    "ml/steps/one/main.py": "import json\n",
    "ml/steps/one/component.yml": "name: one\n",
    "tests/test_base.py": "from ml import base\n",
    "tests/test_user.py": "import ml.user\n",
    "tests/test_one.py": "from ml.steps.one import main\n",
    "tests/test_other.py": "import json\n",
    "tests/test_page.py": "PAGE = 'guide.md'\n",
    "docs/guide.md": "# Guide\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    for argv in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "start"]):
        author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *author, *argv], cwd=tmp_path, check=True)
    return tmp_path


NESTED = """
class A:
    def f(self, of):
        try:
            import ml
        except ImportError:
            if of:
                pass
            else:
                import ml.base
        match of:
            case 1:
                with of:
                    import ml.user
"""


def test_imports_in_any_block_count() -> None:
    known = {"ml": "", "ml.base": "", "ml.user": ""}
    assert imported(NESTED, known) == set(known)


def test_imports_inside_functions_count() -> None:
    known = {"ml": "", "ml.base": "", "ml.user": ""}
    assert imported(FILES["ml/user.py"], known) == {"ml.base"}
    assert imported(FILES["tests/test_base.py"], known) == {"ml", "ml.base"}


def test_a_package_is_named_without_its_init() -> None:
    assert module_of("ml/steps/__init__.py") == "ml.steps"


def test_distances_end_in_circles() -> None:
    assert distances(["a"], {"a": {"b"}, "b": {"a", "c"}}) == {"a": 0, "b": 1, "c": 2}


def test_the_nearest_tests_come_first(checkout: Path) -> None:
    chosen = select(checkout, ["ml/base.py"])
    assert chosen.tests == ("tests/test_base.py", "tests/test_user.py")
    assert chosen.typed == ("ml/base.py", "ml/user.py")


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("ml/steps/one/component.yml", ("tests/test_one.py",)),
        ("docs/guide.md", ("tests/test_page.py",)),
        ("tests/test_other.py", ("tests/test_other.py",)),
    ],
)
def test_other_files_find_theirs(checkout: Path, changed: str, tests: tuple[str, ...]) -> None:
    assert select(checkout, [changed]).tests == tests


def test_what_changed_is_committed_or_not_and_new_files_too(checkout: Path) -> None:
    (checkout / "ml/base.py").write_text("VALUE = 2\n")
    (checkout / "ml/new.py").write_text("")
    (checkout / "ml/user.py").unlink()
    assert changed_files(checkout, "main") == ["ml/base.py", "ml/new.py"]


def test_git_says_what_it_does_not_know(checkout: Path) -> None:
    with pytest.raises(GitError, match="nowhere"):
        changed_files(checkout, "nowhere")


def test_nothing_is_run_for_what_a_change_does_not_touch(checkout: Path) -> None:
    assert set(commands(select(checkout, ["docs/guide.md"]))) == {"tests"}
    assert set(commands(select(checkout, ["ml/base.py"]))) == {"style", "format", "types", "tests"}


def test_what_holds_a_part_together_is_never_too_far_away() -> None:
    for begin, test in TOGETHER:
        assert (ROOT / test).is_file(), test
        assert list(ROOT.glob(f"{begin}*")), begin
    for changed, test in (
        ("scoring/scorer.py", "tests/scoring/test_openapi.py"),
        ("infra/alerts.py", "tests/infra/test_alert_runbooks.py"),
        ("infra/alerts.py", "tests/ml/watch/test_answers.py"),
        ("Pulumi.stage.yaml", "tests/infra/test_infra_plans.py"),
        ("ml/steps/validate/main.py", "tests/ml/steps/test_components.py"),
    ):
        assert test in select(ROOT, [changed]).tests[:NEAREST]


def test_the_time_of_a_check_begins_when_its_tests_are_collected(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("CHECK_SECONDS", "40")
    monkeypatch.setattr(budget, "collected", None)
    monkeypatch.setattr(budget, "left", [])
    for seconds, skipped in ((100.0, False), (139.9, False), (140.1, True)):
        monkeypatch.setattr(budget, "now", lambda at=seconds: at)
        if budget.collected is None:
            budget.pytest_collection_finish()
        with pytest.raises(pytest.skip.Exception) if skipped else nullcontext():
            budget.pytest_runtest_setup(request.node)
    assert budget.left == [request.node.nodeid]


@pytest.mark.parametrize(
    ("said", "mark"), [("3 passed", "ok  after"), (f"4 tests of 2 {LEFT_OUT}: …", "ok in part  after")]
)
def test_tests_that_had_no_time_are_not_called_ok(
    monkeypatch: pytest.MonkeyPatch, said: str, mark: str
) -> None:
    monkeypatch.setattr(
        program, "commands", lambda selection: {"tests": [sys.executable, "-c", f"print({said!r})"]}
    )
    console = Console(record=True, quiet=False, file=io.StringIO(), width=200)
    assert program.run(Selection((), (), (), ()), console) == {"tests": True}
    assert f"tests        {mark}" in console.export_text()


FAILING = """
import pytest, sys

@pytest.fixture(scope="session")
def estate():
    raise ValueError("one setting is wrong:\\n  - SENDS in infra/traffic.py is 'it': say what it sends")

@pytest.mark.parametrize("number", range(40))
def test_many(estate, number): pass

def test_that_says_nothing_itself():
    print("network.subnets.it is not set", file=sys.stderr)
    raise SystemExit(32)

def test_that_says_much():
    pytest.fail("\\n".join(["not accepted", *["a line"] * 90, "`make golden` accepts it"]), pytrace=False)

@pytest.mark.parametrize("number", range(20))
def test_each_of_its_own(number): assert list(range(number)) == ["x"] * 90
"""


def test_a_cause_is_told_once_however_many_tests_fail_of_it(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FAILING)
    (tmp_path / "test_broken.py").write_text("import no_such_module\n")
    chosen = Selection((), (), (), (str(tmp_path / "test_it.py"), str(tmp_path / "test_broken.py")))
    argv = [*commands(chosen)["tests"], "--rootdir", str(tmp_path)]
    done = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, "CHECK_SECONDS": "40"}, capture_output=True, text=True, check=False
    )
    told = done.stdout.partition("\n\n")[2]
    assert told.startswith(
        "40 tests, the first is test_it.py::test_many[0]:\n    ValueError: one setting is wrong:"
    )
    assert told.count("SENDS in infra/traffic.py is 'it': say what it sends") == 1
    assert "SystemExit: 32 at " in told and "    network.subnets.it is not set\n" in told
    assert "No module named 'no_such_module'" in told
    assert "    … 62 lines more …\n" in told and "    `make golden` accepts it\n" in told
    assert "causes more, perhaps of the same mistake\n\n`python -m pytest TEST` shows all of one.\n" in told
    assert "Traceback" not in told and len(told.splitlines()) < 400
