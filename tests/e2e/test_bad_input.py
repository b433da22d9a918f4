"""Every row of wrong inputs is refused in the words of the table, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from emulator.http import Response
from emulator.provider.arm_client import Answer, ArmClient, Credentials
from emulator.provider.lifecycle import Lifecycle, Refused
from infra.config import load
from infra.config_errors import ConfigError
from ml.steps.files import TEST, TRAIN
from ml.steps.validate.main import main as validate
from ml.terminal.subjects import app
from tests.e2e import bad_input
from tests.e2e.bad_input_azure import RESOURCES
from tests.e2e.bad_input_http import HTTP
from tests.e2e.bad_input_network import NETWORKS
from tests.e2e.bad_input_state import STACK, STATE
from tests.e2e.bad_world import BadWorld, filled
from tests.e2e.conftest import World
from tests.emulator.machinelearning import estate
from tests.infra.settings import changed
from tests.scoring.conftest import artifact, model, serve  # noqa: F401
from tests.scoring.trained import data_set

pytestmark = pytest.mark.e2e
ETAG = re.compile(r'etag is "[0-9a-f]{32}"')
API = {"api-version": "2024-11-01"}


@pytest.fixture(scope="module")
def world_of_rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadWorld]:
    made = BadWorld(tmp_path_factory.mktemp("rows"))
    yield made
    made.close()


def told(answer: Response) -> tuple[int, str, str]:
    """Status, code and message of an error, in JSON or XML; details follow the message."""
    text = answer.body.decode()
    if text.startswith("{"):
        error = json.loads(text)["error"]
        details = [f" | {one['code']}: {one['message']}" for one in error.get("details", [])]
        return answer.status, error["code"], ETAG.sub('etag is "{etag}"', error["message"] + "".join(details))
    code, message = (re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("Code", "Message"))
    assert code and message, text
    return answer.status, code[1], message[1].split("\n")[0]


def unchanged(world: BadWorld, send: Callable[[], Response]) -> Response:
    before = world.content()
    answer = send()
    assert world.content() == before
    return answer


@pytest.mark.parametrize("row", [*NETWORKS, *RESOURCES], ids=lambda row: row.what)
def test_what_only_azures_rules_know(world_of_rows: BadWorld, row: Any) -> None:
    def send() -> Response:
        return world_of_rows.answer("PUT", "management.azure.com", row.path, API, {}, json.dumps(row.body))

    assert told(unchanged(world_of_rows, send)) == (row.status, row.code, filled(row.message))


@pytest.mark.parametrize("row", HTTP, ids=lambda row: row.what)
def test_requests(world_of_rows: BadWorld, row: Any) -> None:
    def send() -> Response:
        return world_of_rows.answer(row.method, row.host, row.path, row.query, row.headers, row.body)

    assert told(unchanged(world_of_rows, send)) == (row.status, row.code, filled(row.message))


def submit(world: BadWorld, row: bad_input.Pipeline) -> Response:
    properties = {"jobType": "Pipeline", "computeId": estate.COMPUTE, "jobs": row.steps}
    body = json.dumps({"properties": properties})
    return world.answer("PUT", "management.azure.com", f"{estate.WORKSPACE}/jobs/wrong", API, {}, body)


@pytest.mark.parametrize("row", bad_input.PIPELINES, ids=lambda row: row.what)
def test_pipelines(world_of_rows: BadWorld, row: bad_input.Pipeline) -> None:
    answer = unchanged(world_of_rows, lambda: submit(world_of_rows, row))
    assert (answer.status, told(answer)[2]) == (400, filled(row.message))
    assert world_of_rows.emulator.processes.running() == []


@pytest.mark.parametrize(("stack", "changes", "line"), bad_input.SETTINGS)
def test_settings(stack: str, changes: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(changed(stack, changes), stack)
    assert [str(problem) for problem in refusal.value.problems] == [line]


def asked(method: str, url: str, **more: object) -> Answer:
    raise AssertionError(f"a check asked {method} {url}")


def checked(token: str, inputs: dict[str, Any]) -> list[str]:
    """What the provider's Check says; it asks nobody."""
    lifecycle = Lifecycle(ArmClient("s", Credentials("t", "c", "none"), asked), "westeurope")
    try:
        return lifecycle.check(f"azure-native:{token}", "x", {}, inputs).failures
    except Refused as error:
        return [str(error)]


@pytest.mark.parametrize(("token", "inputs", "failures"), bad_input.PROPERTIES)
def test_properties_at_depth(token: str, inputs: dict[str, Any], failures: list[str]) -> None:
    assert checked(token, inputs) == failures


def train(file: Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["train", "--env", "stage", "--data", str(file), "--json"])
    assert "Traceback" not in done.output
    return done.exit_code, json.loads(done.stdout)["error"]["problem"].replace(str(file), "{file}")


@pytest.mark.parametrize(("name", "content", "problem"), bad_input.DATA)
def test_data(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert train(file) == (1, problem)
    assert list(tmp_path.iterdir()) == [file]


def broken(folder: Path, changes: dict[str, Any]) -> tuple[list[str], Path]:
    """The arguments of the validate step for data with the changes in its first row, and its output."""
    frame = data_set().iloc[:1_400].copy()
    for column, value in changes.items():
        if value is bad_input.GONE:
            frame = frame.drop(columns=column)
        else:
            values = frame[column].astype(object)
            values.iloc[0] = value
            frame = frame.assign(**{column: values.infer_objects()})
    (folder / "prepared").mkdir()
    frame.iloc[:1_000].to_parquet(folder / "prepared" / TRAIN)
    frame.iloc[1_000:].to_parquet(folder / "prepared" / TEST)
    output = folder / "validated"
    output.mkdir()
    return ["--prepared", str(folder / "prepared"), "--validated", str(output)], output


@pytest.mark.parametrize(("what", "changes", "said"), bad_input.CONTRACT)
def test_a_broken_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str, changes: dict[str, Any], said: str
) -> None:
    arguments, output = broken(tmp_path, changes)
    assert validate(arguments) == 1
    assert capsys.readouterr().err.strip() == said
    assert [path.name for path in output.iterdir()] == ["report.json"], "no rows go on"


def test_scoring_requests(serve: Callable[..., Any]) -> None:  # noqa: F811
    client = serve().client
    for what, media, body, status, name, detail in bad_input.SCORE:
        answer = client.post("/score", content=body, headers={"content-type": media})
        said = answer.json()
        assert (answer.status_code, said["type"]) == (status, f"urn:scoring:problem:{name}"), what
        assert said["detail"] == detail, what
    assert client.get("/readyz").status_code == 200


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was used once, to be copied."""
    world = World(tmp_path_factory.mktemp("state") / "whole")
    world.emulator("up")
    world.emulator("down")
    return world.home


def files(home: Path) -> dict[str, str]:
    """Digests of all that is kept, without what says that something runs or ran."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and "logs" not in path.parts and not path.name.endswith(("lock", "-shm", "-wal"))
    }


def damage(home: Path, file: str, content: int | bytes | None) -> None:
    path = home / file
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_bytes(path.read_bytes()[:content])


def started(whole: Path, folder: Path, file: str, content: int | bytes | None) -> tuple[int, str, World]:
    """Exit code and words of `up` on a copy of the home with the damage."""
    world = World(Path(shutil.copytree(whole, folder / "home")))
    damage(world.home, file, content)
    done = world.emulator("up", check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stderr.strip().replace(str(world.home), "{home}"), world


@pytest.mark.parametrize(("what", "file", "content", "said"), STATE)
def test_damaged_state(
    whole: Path, tmp_path: Path, what: str, file: str, content: int | bytes | None, said: str
) -> None:
    code, text, world = started(whole, tmp_path, file, content)
    assert (code, text) == (1, f"emulator: {said}")
    kept = files(whole)
    left = files(world.home)
    assert {name for name in kept.keys() | left.keys() if kept.get(name) != left.get(name)} == {file}
    assert world.emulator("status", check=False).returncode in (1, 2)


def test_a_pid_file_is_mended(whole: Path, tmp_path: Path) -> None:
    """It is no state: what holds the lock tells its own id."""
    world = World(Path(shutil.copytree(whole, tmp_path / "home")))
    damage(world.home, "run/pid", b"garbage")
    world.emulator("up")
    try:
        pid = world.status()["pid"]
        damage(world.home, "run/pid", b"garbage")
        assert world.status()["pid"] == pid
        assert (world.home / "run" / "pid").read_text() == f"{pid}\n"
    finally:
        world.emulator("down")


def test_a_stack_whose_state_is_cut_off(whole: Path, tmp_path: Path) -> None:
    """Pulumi is not started on it; the message has the command that brings the state before back."""
    world = World(Path(shutil.copytree(whole, tmp_path / "home")))
    stacks = world.home / "pulumi" / "state" / ".pulumi" / "stacks" / "mlops-estate"
    stacks.mkdir(parents=True)
    (stacks / "stage.json").write_text('{"version": 3, "checkpoint": {"latest": {"resources": [')
    (stacks / "stage.json.bak").write_text('{"version": 3, "checkpoint": {}}')
    world.emulator("up")
    try:
        done = world.pulumi("preview", "stage", check=False)
        said = done.stderr.strip().replace(str(stacks), "{stacks}")
        assert (done.returncode, said) == (1, f"emulator: {STACK}")
        assert world.resources() == 0
    finally:
        world.emulator("down")


def test_the_table_is_long_enough() -> None:
    tables = (NETWORKS, RESOURCES, HTTP, STATE, *(getattr(bad_input, name) for name in bad_input.TABLES))
    assert sum(map(len, tables)) > 100
