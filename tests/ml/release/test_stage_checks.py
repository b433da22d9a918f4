"""What is asked of a release in stage, of the real service and of ones that are wrong in one way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ml.deploy.endpoint import Endpoint
from ml.release.stage import behaviour, contract, image, load
from ml.release.stage.contract import Question
from ml.settings import ReleaseSettings
from scoring.http.authentication import DigestOfKey
from scoring.model.artifact import Artifact
from scoring.settings import KeyDigest
from tests.scoring.conftest import Running

SETTINGS = ReleaseSettings(load_seconds=0.3, load_clients=2, load_p95_ms=5000.0)
Serve = Callable[..., Running]


@pytest.fixture
def endpoint(serve: Serve) -> Endpoint:
    running = serve(DigestOfKey(KeyDigest(hashlib.sha256(b"k3y").hexdigest())))
    return Endpoint(str(running.client.base_url).rstrip("/"), "k3y")


def test_the_service_passes_and_its_rows_do_not_count(endpoint: Endpoint, artifact: Artifact) -> None:
    samples = artifact.samples.request
    made = [
        contract.check(endpoint, samples, artifact.schema.names[0]),
        behaviour.parity(endpoint, artifact, 1e-5),
        behaviour.outliers(endpoint, artifact),
        behaviour.drift(endpoint, artifact),
        load.judged(load.run(endpoint, samples, SETTINGS.load_seconds, SETTINGS.load_clients), SETTINGS),
    ]
    assert [(check.name, check.reason) for check in made if not check.passed] == []
    figures = made[-1].figures
    assert float(figures["requests"]) > 0 and figures["failures"] == 0
    assert float(figures["p50_ms"]) <= float(figures["p95_ms"]) <= float(figures["p99_ms"])
    assert endpoint.drift().json()["window"]["rows"] == 0


def test_another_model_is_found_out(endpoint: Endpoint, artifact: Artifact) -> None:
    samples = artifact.samples
    other = tuple({**one, "probability": one["probability"] / 2} for one in samples.predictions)
    check = behaviour.parity(endpoint, replace(artifact, samples=replace(samples, predictions=other)), 1e-5)
    assert not check.passed and float(check.figures["largest_difference"]) > 0.01


def test_a_detector_that_sees_nothing_is_found_out(artifact: Artifact) -> None:
    def score(body: Any, synthetic: bool) -> httpx.Response:
        rows = len(body["records"])
        return httpx.Response(200, json={"outliers": [{"score": 0.1, "flag": False}] * rows})

    check = behaviour.outliers(SimpleNamespace(score=score), artifact)  # type: ignore[arg-type]
    assert not check.passed and "sees nothing" in check.reason


def test_a_reference_without_drift_is_found_out(endpoint: Endpoint, artifact: Artifact) -> None:
    """Every bin of a feature holds the same: half of its rows moved is less than nothing for one of two."""
    window = behaviour.window(artifact.drift, 1000)
    assert (window.counts.sum(axis=1) == 1000).all()
    moved = behaviour.window(artifact.drift, 1000, 0)
    assert moved.counts[0].sum() == 1000 and (moved.counts[0] != window.counts[0]).any()
    assert (moved.counts[1:] == window.counts[1:]).all()
    silent = SimpleNamespace(drift=lambda: httpx.Response(503))
    assert "GET /drift gives 503" in behaviour.drift(silent, artifact).reason  # type: ignore[arg-type]


DOCUMENT: dict[str, Any] = {
    "paths": {
        "/x": {
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/X"}}}},
                    "204": {},
                }
            }
        }
    },
    "components": {
        "schemas": {
            "X": {
                "type": "object",
                "required": ["a"],
                "additionalProperties": False,
                "properties": {"a": {"type": "number"}},
            }
        }
    },
}
ANSWERS: dict[str, tuple[httpx.Response, str]] = {
    "right": (httpx.Response(200, json={"a": 1}), ""),
    "status": (httpx.Response(500), "500, expected 200 or 204 or 404"),
    "undescribed status": (httpx.Response(404), "the status 404 is not described"),
    "type": (httpx.Response(200, text="a"), "is text/plain, described as application/json"),
    "member": (httpx.Response(200, json={"a": 1, "b": 2}), "'b' was unexpected"),
    "value": (httpx.Response(200, json={"a": "1"}), "a: '1' is not of type 'number'"),
    "no JSON": (httpx.Response(200, content=b"{", headers={"content-type": "application/json"}), "no JSON"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_held_against_the_document(name: str) -> None:
    answer, said = ANSWERS[name]
    found = contract.problems(DOCUMENT, Question("it", "GET", "/x", (200, 204, 404)), answer)
    assert bool(found) == bool(said)
    assert said in "".join(found)
    assert contract.problems(DOCUMENT, Question("it", "GET", "/y", (200,)), httpx.Response(200)) == [
        "GET /y is not described"
    ]


class Failing(BaseHTTPRequestHandler):
    """Answers every third request with 503."""

    asked = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        type(self).asked += 1
        body = json.dumps({}).encode()
        self.send_response(503 if type(self).asked % 3 == 0 else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


@pytest.fixture
def failing() -> Iterator[Endpoint]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Failing)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Endpoint(f"http://127.0.0.1:{server.server_port}", "k3y")
    server.shutdown()
    server.server_close()
    thread.join()


def test_failures_under_load_are_counted_and_end_it(failing: Endpoint) -> None:
    check = load.judged(load.run(failing, {}, 0.2, 2), SETTINGS)
    assert not check.passed and "503" in check.reason
    assert float(check.figures["failures"]) > 0


def test_slow_is_not_passed() -> None:
    tally = load.Tally(seconds=[0.1] * 90 + [0.4] * 10, began=0.0, ended=2.0)
    assert tally.rate == 50.0
    assert not load.judged(tally, SETTINGS.model_copy(update={"load_p95_ms": 300.0})).passed
    assert load.judged(tally, SETTINGS.model_copy(update={"load_p95_ms": 500.0})).passed
    assert not load.judged(load.Tally(), SETTINGS).passed


FILES = {"Dockerfile": b"FROM a\nUSER root\nFROM b\nCOPY --from=x /app/sbom.json ./\nUSER 10001:10001\n"}
KEY = b"-----BEGIN " + b"PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("files", "failed"),
    [
        (FILES, []),
        ({"Dockerfile": FILES["Dockerfile"].replace(b"USER 10001:10001", b"USER 0")}, ["image: user"]),
        ({"Dockerfile": FILES["Dockerfile"].replace(b"USER 10001:10001", b"USER app")}, ["image: user"]),
        ({"Dockerfile": b"FROM a\nUSER 1\nCOPY sbom.json ./\nFROM b\n"}, ["image: user", "image: SBOM"]),
        ({**FILES, "scoring/x.py": b"KEY = '" + KEY + b"'"}, ["image: no secret"]),
    ],
)
def test_the_image_is_judged_by_what_it_was_built_from(files: dict[str, bytes], failed: list[str]) -> None:
    made = image.checks(files, "a" * 64, "a" * 64)
    assert [check.name for check in made if not check.passed] == failed
    assert "skipped" in made[-1].reason


def test_another_checkout_says_nothing_of_an_image() -> None:
    made = image.checks(FILES, "a" * 64, "b" * 64)
    assert [check.name for check in made if not check.passed] == ["image"]
    assert "another build context" in made[0].reason


def test_the_dockerfile_of_this_repository_is_as_it_has_to_be() -> None:
    from ml.estate import project_root

    dockerfile = (project_root() / "environments/scoring/Dockerfile").read_bytes()
    assert image.user(dockerfile).passed and image.sbom(dockerfile).passed
