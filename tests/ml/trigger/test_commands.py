"""`mlops trigger …`, over a state in memory; and the package that `deploy` sends."""

import io
import json
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from ml.commands.trigger import log, status
from ml.errors import MlopsError
from ml.jobs.checkout import look
from ml.trigger import place, publish
from ml.trigger.carry import carry
from ml.trigger.state import Limits
from tests.ml.trigger.worlds import World, event

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def world() -> World:
    made = World()
    for number, minutes in enumerate((0, 1, 2)):
        carry(event(f"e-{number}", minutes), made, made, Limits(), made.now)
    return made


def shown(what: Any) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(what)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_status_says_what_runs_and_what_was_refused(world: World) -> None:
    answer = {"environment": "stage", **status.told(world.state)}
    json.dumps(answer)
    assert answer["refused"] == {"debounced": 2}
    assert answer["running"] == [world.state.runs[0].job]
    text = shown(status.render(answer))
    assert "work" in text
    assert "it came too soon after the start of the last training" in text


def test_the_log_has_runs_and_refusals_the_newest_first(world: World) -> None:
    found = log.entries(world.state)
    assert {one["event"]: bool(one["job"]) for one in found} == {"e-0": True, "e-1": False, "e-2": False}
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)
    assert "e-0" in shown(log.render({"environment": "stage", "log": found}))


def test_a_pause_is_a_write_that_loses_to_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that writes at the same time wins, and the pause is written over what it wrote."""

    def meanwhile(effect: int) -> None:
        world.between = lambda _: None
        carry(event("e-9", 60), world, world, Limits(), world.now)

    world.between = meanwhile
    monkeypatch.setattr(place, "state_of", lambda azure: world)
    azure: Any = None
    place.switched(azure, "new data source", "anna")
    assert (world.state.paused, world.state.paused_by) == ("new data source", "anna")
    assert "e-9" in {one.event.id for one in world.state.refused}
    assert "paused by anna" in shown(status.render({"environment": "s", **status.told(world.state)}))
    place.switched(azure, "", "")
    assert world.state.paused == ""


def test_an_estate_without_it_says_what_to_set() -> None:
    estate = SimpleNamespace(retraining_storage=None, environment="prod")
    azure: Any = SimpleNamespace(estate=estate)
    with pytest.raises(MlopsError, match="in prod") as found:
        place.state_of(azure)
    assert "retraining in Pulumi.prod.yaml" in found.value.remedy


def test_the_package_is_the_app_and_what_it_imports_and_nothing_else() -> None:
    sent = publish.package(ROOT)
    assert sent == publish.package(ROOT)
    with zipfile.ZipFile(io.BytesIO(sent)) as archive:
        names = set(archive.namelist())
    assert {"host.json", "function_app.py", "requirements.txt", "ml/trigger/decide.py"} <= names
    assert not [name for name in names if name.startswith(("ml/commands", "ml/azure", "infra", "emulator"))]
    assert "ml/settings.py" not in names


def test_the_package_has_the_apps_own_files_as_git_tracks_them_alone(tmp_path: Path) -> None:
    """Keys that somebody keeps beside the app for a run at home are not sent with it."""
    folder = publish.FOLDER
    for name in ("ml/__init__.py", "ml/trigger/__init__.py", "ml/trigger/app.py", "ml/trigger/events.py",
                 publish.REQUIREMENTS, f"{folder}/function_app.py", f"{folder}/local.settings.json",
                 f"{folder}/.env"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "ml", f"{folder}/function_app.py"], cwd=tmp_path, check=True)
    (tmp_path / folder / "host.json").write_text("{}")
    with pytest.raises(MlopsError, match=f"git does not track: {folder}/host.json"):
        publish.contents(tmp_path)
    subprocess.run(["git", "add", f"{folder}/host.json"], cwd=tmp_path, check=True)
    names = {name for name in publish.contents(tmp_path) if not name.startswith("ml/")}
    assert names == {"function_app.py", "host.json", "requirements.txt"}
    known = look(ROOT, (folder,))
    assert known is None or known.tracked == {f"{folder}/{name}" for name in publish.OWN}


def test_the_package_imports_nothing_that_its_requirements_lack() -> None:
    """What is imported at the top of its modules is Python's own, ml/ or a package that is named."""
    import ast
    import sys

    named = {"azure", "httpx", "pydantic"}
    for name, file in publish.contents(ROOT).items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(file)):
            modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                modules = [node.module]
            for module in modules:
                top = module.partition(".")[0]
                assert top in sys.stdlib_module_names or top in named | {"ml"}, f"{name}: {module}"
