"""One process a core: workers that share a port and a drift window, and the one that watches over them."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from scoring import cores
from scoring.model.artifact import Artifact
from tests.scoring.conftest import free_port
from tests.scoring.test_process import ROOT, environment, until
from tests.scoring.trained import Small


class Group:
    """`python -m scoring` with several workers."""

    def __init__(self, model_dir: Path, workers: int = 2, port: int = 0, **more: str) -> None:
        port = port or free_port()
        given = {"SCORING_ALLOW_ANONYMOUS": "true", "SCORING_WORKERS": str(workers), **more}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scoring"],
            cwd=ROOT,
            env=environment(MODEL_DIR=str(model_dir), PORT=str(port), HOST="127.0.0.1", **given),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[dict[str, object]] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.url = f"http://127.0.0.1:{port}"

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return set(map(int, children.split()))

    def call(self, method: str, path: str, **more: object) -> httpx.Response:
        """On a connection of its own, so that any worker may answer."""
        return httpx.request(method, self.url + path, timeout=10, trust_env=False, **more)

    def ready(self, seconds: float = 20.0) -> None:
        def answers() -> bool:
            try:
                return self.call("GET", "/readyz").status_code == 200
            except httpx.TransportError:
                return False

        until(answers, seconds)

    def ended(self) -> int:
        return self.process.wait(30)


@pytest.fixture
def group(model_dir: Path) -> Iterator[Callable[..., Group]]:
    started: list[Group] = []

    def start(**more: str) -> Group:
        started.append(Group(model_dir, **more))
        return started[-1]

    yield start
    for item in started:
        if item.process.poll() is None:
            item.process.terminate()
            item.ended()


def test_workers_share_the_port_and_the_window(group: Callable[..., Group], model: Small) -> None:
    running = group(SCORING_DRIFT_WINDOW_ROWS="300", SCORING_DRIFT_EVERY_ROWS="10")
    running.ready()
    assert len(running.workers()) == 2
    records = model.trained.artifact.schema.records(model.test_matrix[:120])
    for start in range(0, 120, 4):
        answer = running.call("POST", "/score", json={"records": records[start : start + 4]})
        assert answer.status_code == 200
    for _ in range(6):  # whichever worker answers
        window = running.call("GET", "/drift").json()["window"]
        assert window["rows"] == 120
        assert {sum(counts) for counts in window["counts"].values()} == {120}

    def all_know() -> bool:
        answers = [running.call("POST", "/score", json={"records": records[:1]}).json() for _ in range(6)]
        return all(answer["drift"]["window_rows"] >= 120 for answer in answers)

    until(all_know)
    same = {"records": records[:1] * 300}
    assert running.call("POST", "/score", json=same).status_code == 200

    def all_see_it() -> bool:
        answers = [running.call("POST", "/score", json={"records": records[:1]}).json() for _ in range(6)]
        return all(answer["drift"]["status"] == "drifted" for answer in answers)

    until(all_see_it)
    running.process.send_signal(signal.SIGTERM)
    assert running.ended() == 0
    told = [line for line in running.lines if line["message"] == "drift changed"]
    assert len(told) == 1  # though each worker evaluates the window


def test_a_killed_worker_is_replaced_while_the_other_goes_on(
    group: Callable[..., Group], artifact: Artifact
) -> None:
    running = group()
    running.ready()
    running.call("POST", "/score", json=artifact.samples.request)
    before = running.workers()
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    for _ in range(20):
        assert running.call("POST", "/score", json=artifact.samples.request).status_code == 200
        assert running.call("GET", "/readyz").status_code == 200
    until(lambda: len(running.workers() - before) == 1 and victim not in running.workers())
    rows = 21 * len(artifact.samples.predictions)
    assert running.call("GET", "/drift").json()["window"]["rows"] == rows  # the dead worker's rows stay
    told = [line for line in running.lines if line["message"] == "a worker has ended and will be replaced"]
    assert [line["exit_code"] for line in told] == [-signal.SIGKILL]
    running.process.send_signal(signal.SIGTERM)
    assert running.ended() == 0


def another(artifact: Artifact) -> Artifact:
    """A model that answers the samples alike, and is another one."""
    thresholds = replace(artifact.thresholds, false_negative_cost=artifact.thresholds.false_negative_cost + 1)
    return replace(artifact, thresholds=thresholds)


def test_one_service_has_one_model(tmp_path: Path, artifact: Artifact) -> None:
    """A worker that finds a broken one or another one in its place refuses, and readiness says so."""
    artifact.save(tmp_path)
    running = Group(tmp_path)

    def refused(said: str) -> None:
        """Kill a worker: its successor says that, and the other one goes on with its own model."""
        os.kill(min(running.workers()), signal.SIGKILL)
        until(lambda: running.call("GET", "/readyz").status_code == 503, 20)
        detail = running.call("GET", "/readyz").json()["detail"]
        assert detail in [f"worker {number} could not be started again" for number in (0, 1)]
        assert said in [line for line in running.lines if "reason" in line][-1]["reason"]
        for _ in range(5):
            answer = running.call("POST", "/score", json=artifact.samples.request)
            assert answer.json()["model"]["digest"] == artifact.digest

    try:
        running.ready()
        (tmp_path / "manifest.json").write_bytes(b"{")
        refused("manifest.json: not JSON")
        artifact.save(tmp_path)  # put back: it serves again
        running.ready()
        another(artifact).save(tmp_path)
        refused(f"holds the model {another(artifact).digest}; this service serves {artifact.digest}")
        for process in running.workers():
            os.kill(process, signal.SIGKILL)
        assert running.ended() == 1  # nothing is left: whoever runs the container starts it anew
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            running.ended()


def test_workers_end_with_their_supervisor(group: Callable[..., Group]) -> None:
    running = group()
    running.ready()
    workers = running.workers()
    running.process.kill()
    running.ended()
    until(lambda: not any(Path(f"/proc/{worker}/cmdline").exists() and alive(worker) for worker in workers))


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_model_that_no_worker_can_serve_ends_the_service(tmp_path: Path) -> None:
    running = Group(tmp_path / "nowhere")
    assert running.ended() == 1
    until(lambda: any("nowhere" in str(line.get("reason")) for line in running.lines))


def test_a_taken_port_is_told_by_the_supervisor(group: Callable[..., Group], model_dir: Path) -> None:
    first = group()
    first.ready()
    second = Group(model_dir, port=int(first.url.rsplit(":", 1)[1]))
    assert second.ended() == 1
    until(lambda: any("address already in use" in str(line.get("reason")) for line in second.lines))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "250000 100000\n"}, 2.5),
        ({"cpu.max": "50000 100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "150000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({}, None),
    ],
)
def test_cores_are_those_of_the_container(
    tmp_path: Path, files: dict[str, str], expected: float | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    allowed = len(os.sched_getaffinity(0))
    whole = allowed if expected is None else min(allowed, max(1, int(expected)))
    assert cores.available(tmp_path) == whole
