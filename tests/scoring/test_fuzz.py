"""Whatever is sent: an answer as the OpenAPI document describes it, no server failure, no traceback."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.http.openapi import document
from scoring.model.artifact import Artifact
from scoring.precomputed.lookup import Looked, Prediction, Run
from scoring.precomputed.lookups import Lookups
from scoring.settings import Limits
from tests.scoring.conftest import Running
from tests.scoring.test_encode import json_values

LIMITS = Limits(body_bytes=64 * 1024, rows=40, explain_rows=5, seconds=5.0)
POSITIVE, NEGATIVE = "POSITIVE", "NEGATIVE"
OPERATIONS = [
    ("GET", "/healthz", POSITIVE),
    ("GET", "/readyz", POSITIVE),
    ("GET", "/openapi.json", POSITIVE),
    ("GET", "/drift", POSITIVE),
    ("GET", "/predictions/{key}", POSITIVE),
    ("GET", "/predictions/{key}", NEGATIVE),
    ("POST", "/score", POSITIVE),
    ("POST", "/score", NEGATIVE),
    ("POST", "/explain", POSITIVE),
    ("POST", "/explain", NEGATIVE),
]
FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[*HealthCheck], derandomize=True, database=None
)


class EveryOther:
    """Predictions by key: there are some of keys with an even number of characters."""

    def look(self, key: str) -> Looked:
        run = Run("b-1", "credit:3", "sha256:ab", "r-1", datetime(2026, 11, 30, tzinfo=UTC))
        return Looked(run, None if len(key) % 2 else Prediction(0.5, 1, 0.25, False))

    def close(self) -> None: ...


@pytest.fixture
def running(serve: Callable[..., Running]) -> Iterator[Running]:
    found = serve(limits=LIMITS, lookups=Lookups(EveryOther, 2, 5.0))
    yield found
    assert found.client.get("/healthz").status_code == 200
    assert len(found.service.scoring) == len(found.service.explaining) == 0


@pytest.mark.parametrize(("method", "path", "mode"), OPERATIONS)
def test_generated_requests_are_answered_as_described(
    running: Running, artifact: Artifact, method: str, path: str, mode: str
) -> None:
    # Here, so that only the process that runs these tests imports it: all of them collect this file.
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
    ]
    schema = schemathesis.openapi.from_dict(document(artifact, LIMITS))
    operation = schema[path][method]

    @FEW
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode[mode]))
    def send(case: schemathesis.Case) -> None:
        answer = case.call_and_validate(base_url=str(running.client.base_url), checks=checks)
        assert "Traceback" not in answer.text

    send()


def sound(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    body = answer.json()
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert (body["status"], body["request_id"]) == (answer.status_code, answer.headers["x-request-id"])
        assert len(body.get("errors", [])) <= 50


def test_bodies_near_the_contract(running: Running, artifact: Artifact) -> None:
    record: dict[str, Any] = artifact.samples.request["records"][0]

    @FEW
    @given(
        st.dictionaries(st.sampled_from([*record, "colour", "a/b~"]), json_values, max_size=4),
        st.lists(st.sampled_from(sorted(record)), max_size=2),
        st.integers(1, 45),
        st.sampled_from(["/score", "/explain"]),
    )
    def send(changes: dict[str, Any], missing: list[str], rows: int, path: str) -> None:
        changed = {name: found for name, found in (record | changes).items() if name not in missing}
        sound(
            running.client.post(
                path, content=json.dumps({"records": [record] * (rows - 1) + [changed]}), headers=JSON
            )
        )
        columns = {name: [found] * rows for name, found in changed.items()}
        sound(running.client.post(path, content=json.dumps({"columns": columns}), headers=JSON))

    send()


JSON = {"content-type": "application/json"}


def test_bodies_of_any_bytes_and_headers_of_any_text(running: Running) -> None:
    token = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)

    @FEW
    @given(
        st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()),
        st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(("x-request-id", "traceparent", "authorization", "x-synthetic"), token),
        ),
        st.sampled_from(["/score", "/explain"]),
    )
    def send(body: bytes, headers: dict[str, str], path: str) -> None:
        stripped = {name: value.strip() for name, value in headers.items()}
        sound(running.client.post(path, content=body, headers=JSON | stripped))

    send()


RAW = st.lists(
    st.sampled_from(
        [
            b"POST /score HTTP/1.1\r\n",
            b"GET / HTTP/1.1\r\n",
            b"GET /%ff%zz?a=%00 HTTP/1.1\r\n",
            b"host: x\r\n",
            b"content-length: 5\r\n",
            b"content-length: -1\r\n",
            b"content-length: 99999999999999999999\r\n",
            b"transfer-encoding: chunked\r\n",
            b"expect: 100-continue\r\n",
            b"content-type: application/json\r\n",
            b"\r\n",
            b"5\r\nabcde\r\n",
            b"0\r\n\r\n",
            b"\xff\x00",
            b"{}",
        ]
    ),
    min_size=1,
    max_size=8,
)


def test_streams_of_half_requests(running: Running) -> None:
    """On the socket itself: what is no HTTP is refused or left alone, and the server goes on."""
    url = running.client.base_url

    @FEW
    @given(RAW)
    def send(parts: list[bytes]) -> None:
        with socket.create_connection((url.host, url.port), timeout=5) as connection:
            connection.sendall(b"".join(parts))
            connection.settimeout(0.02)
            try:
                answer = connection.recv(65_536)
            except (TimeoutError, ConnectionResetError):
                answer = b""
            assert not answer.startswith(b"HTTP/1.1 5"), answer
            assert b"Traceback" not in answer

    send()
    assert running.client.get("/healthz").status_code == 200


def resident() -> int:
    """Bytes of memory of this process, which the server shares with the test."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def test_refused_bodies_leave_no_memory_behind(running: Running) -> None:
    bodies = [
        b"[" * 60_000,
        json.dumps({"records": [{str(i): i} for i in range(1_500)]}).encode(),
        json.dumps({"columns": {"x" * 50_000: [1]}}).encode(),
        b'{"records":' + b" " * 60_000 + b"[]}",
        b"x" * 70_000,
    ]

    def send_all(times: int) -> None:
        for _ in range(times):
            for body in bodies:
                sound(running.client.post("/score", content=body, headers=JSON))

    send_all(20)
    before = resident()
    send_all(100)
    assert resident() - before < 16 * 1024 * 1024
