"""The parts around the measuring: cache, processes, ingestion, the naive composite, the table of servers."""

import gzip
import json
import ssl
import sys
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest

from benchmarks.scoring import cache, ingestion, naive
from benchmarks.scoring.cache import COMPLETE, made
from benchmarks.scoring.ingestion import Counts
from benchmarks.scoring.processes import Process, ServerError, cores, free_ports, get
from benchmarks.scoring.servers import KINDS, RIVALS
from benchmarks.scoring.tools import PEERS
from tests.scoring.trained import data_set


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return cache.cache_dir()


def test_what_is_in_the_cache_is_not_made_again(home: Path) -> None:
    calls: list[Path] = []

    def make(folder: Path) -> None:
        calls.append(folder)
        (folder / "content").write_text("made")

    for _ in range(2):
        place = made("thing-1", make, print, "making")
        assert (place, (place / "content").read_text()) == (home / "thing-1", "made")
    assert len(calls) == 1
    assert [entry.name for entry in home.iterdir()] == ["thing-1"]


def test_what_was_cut_off_is_made_again_and_what_fails_leaves_nothing(home: Path) -> None:
    (home / "thing-1").mkdir(parents=True)
    (home / "thing-1" / "half").touch()

    def fail(folder: Path) -> None:
        (folder / "content").touch()
        raise RuntimeError("no disk")

    with pytest.raises(RuntimeError, match="no disk"):
        made("thing-1", fail, print, "making")
    assert [entry.name for entry in home.iterdir()] == ["thing-1"]
    place = made("thing-1", lambda folder: None, print, "making")
    assert [entry.name for entry in place.iterdir()] == [COMPLETE]


def test_a_digest_changes_with_content_name_and_words(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a")
    two.write_text("a")
    found = {cache.digest([one]), cache.digest([two]), cache.digest([one], "word"), cache.digest([one, two])}
    assert len(found) == 4
    one.write_text("b")
    assert cache.digest([one]) not in found


SERVER = """
import http.server, sys
print("listening")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def test_a_process_is_waited_for_weighed_and_ended(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    process = Process([sys.executable, "-c", SERVER, str(port)], {}, tmp_path, cores()[:1])
    try:
        assert process.wait_ready(port, "/") > 0.0
        memory, before = process.memory(), process.cpu()
        assert 1.0 < memory.pss <= memory.resident
        for _ in range(20):
            get(port, "/")
        assert process.cpu().since(before).total >= 0.0
        found = [one.pid for one in process.tree()]
    finally:
        process.stop()
    assert len(found) == 1
    with pytest.raises(OSError):
        get(port, "/")


def test_a_process_that_ends_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    code = "import sys; print('no model there'); sys.exit(3)"
    process = Process([sys.executable, "-c", code], {}, tmp_path, cores())
    try:
        with pytest.raises(ServerError, match=r"exit code 3\n  no model there"):
            process.wait_ready(port, "/")
    finally:
        process.stop()


def test_records_are_counted_by_kind_packed_or_not() -> None:
    counts = Counts()
    items = [{"data": {"baseType": kind}} for kind in ("EventData", "RequestData", "EventData")]
    assert counts.add(json.dumps(items).encode(), packed=False) == 3
    assert counts.add(gzip.compress(json.dumps(items[:1], separators=(",", ":")).encode()), packed=True) == 1
    assert counts.kinds == {"EventData": 3, "RequestData": 1, ingestion.TOLD: 0}


def test_requests_are_counted_in_the_events_that_tell_of_them() -> None:
    counts = Counts()
    requests = json.dumps([{"request_id": f"r{number}", "trace_id": "1" * 32} for number in range(3)])
    item = {"data": {"baseType": "EventData", "baseData": {"properties": {"requests": requests}}}}
    counts.add(json.dumps([item, item]).encode(), packed=False)
    assert counts.kinds[ingestion.TOLD] == 6


def test_the_stand_in_gives_tokens_and_takes_records_over_tls() -> None:
    with ingestion.running(cores()) as there:
        variables = there.variables()
        context = ssl.create_default_context(cafile=variables["SSL_CERT_FILE"])
        endpoint = variables["APPLICATIONINSIGHTS_CONNECTION_STRING"].split("IngestionEndpoint=")[1]
        with httpx.Client(verify=context, trust_env=False) as client:
            token = client.get(variables["IDENTITY_ENDPOINT"]).json()
            assert token["token_type"] == "Bearer"
            items = [{"data": {"baseType": "EventData"}}]
            taken = client.post(f"{endpoint.split(';')[0]}v2.1/track", json=items).json()
            assert taken["itemsAccepted"] == 1
        assert there.kinds()["EventData"] == 1


@pytest.fixture(scope="module")
def usual() -> tuple[naive.NaiveComposite, pd.DataFrame]:
    table = data_set().sample(3_000, random_state=0)
    features = [name for name in table.columns if name not in ("id", "default")]
    return naive.fit(table, features, 1), table[features]


def test_the_naive_composite_answers_as_its_models_do(
    usual: tuple[naive.NaiveComposite, pd.DataFrame],
) -> None:
    composite, rows = usual
    some = rows.head(40)
    answer = json.loads(composite.answer(json.dumps({"records": some.to_dict("records")}).encode()))
    matrix = composite.encoder.transform(some)
    assert answer["predictions"] == pytest.approx(composite.classifier.predict_proba(matrix)[:, 1].tolist())
    flags = -composite.detector.score_samples(matrix) > composite.outlier_threshold
    assert answer["outliers"] == flags.astype(int).tolist()
    assert answer["feature_drift_batch"].keys() == set(rows.columns)


def test_the_naive_composite_sees_drift_and_takes_unknown_categories(
    usual: tuple[naive.NaiveComposite, pd.DataFrame],
) -> None:
    composite, rows = usual
    same = composite.score(rows.sample(500, random_state=1))["feature_drift_batch"]
    shifted = rows.sample(500, random_state=1).assign(age=lambda frame: frame["age"] + 15, sex="other")
    found = composite.score(shifted)["feature_drift_batch"]
    assert same["age"] < 0.999 < found["age"]
    assert same["sex"] < 0.999 < found["sex"]
    assert np.isfinite(list(found.values())).all()


def test_every_server_of_another_kind_has_a_hashed_environment_of_its_own() -> None:
    assert {kind.key for kind in KINDS} > set(RIVALS)
    for kind in KINDS:
        if kind.peer is not None:
            text = (PEERS / kind.peer / "requirements.txt").read_text()
            pinned = (PEERS / kind.peer / "requirements.in").read_text().splitlines()[0]
            assert pinned.startswith(f"{kind.distribution}==")
            assert f"{pinned} \\\n    --hash=sha256:" in text
