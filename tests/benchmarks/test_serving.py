"""Servers under load: ours is measured, one that ends or answers something else is absent with its reason."""

from dataclasses import replace

import orjson
import pytest

from benchmarks.scoring import breakdown, serving, tools
from benchmarks.scoring.in_process import Budget
from benchmarks.scoring.load import Generator, Shape
from benchmarks.scoring.model import Subject
from benchmarks.scoring.processes import ServerError, cores
from benchmarks.scoring.results import Load
from benchmarks.scoring.servers import BY_KEY, Start
from benchmarks.scoring.serving import Plan, Running
from tests.scoring.trained import small

OTHER_ANSWER = b'{"predictions":[{"probability":2.0}],"outliers":[{"score":0.5}]}'


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = tmp_path_factory.mktemp("subject")
    artifact = small().trained.artifact
    artifact.save(folder / "model")
    records = artifact.samples.request["records"]
    lines = [orjson.dumps({"records": [record]}) for record in records]
    (folder / "single.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return Subject(folder)


def lying(start: Start) -> list[str]:
    (start.scratch / "answer.json").write_bytes(OTHER_ANSWER)
    return BY_KEY["constant"].command(start)


@pytest.mark.e2e
def test_what_cannot_be_measured_is_absent_with_its_reason(subject: Subject) -> None:
    constant = BY_KEY["constant"]
    ends = replace(
        constant, key="ends", command=lambda start: [str(start.python), "-c", "raise SystemExit(4)"]
    )
    kinds = [BY_KEY["ours"], constant, ends, replace(constant, key="lying", command=lying)]
    generator = Generator(tools.load_generator(print), subject.single, cores()[-1:])
    plan = Plan((1, 4), 2, 0.3, 0.0, cores()[:1], 1)
    found = {one.key: one for one in serving.measure(kinds, subject, generator, plan, print)}
    assert (found["ours"].absent, found["constant"].absent) == (None, None)
    for key in ("ours", "constant"):
        assert [load.connections for load in found[key].loads] == [1, 4]
        assert all(load.accepted > 0 and load.errors == 0 for load in found[key].loads)
        assert (found[key].resident_mb or 0.0) > 10.0
    assert (found["ends"].absent or "").startswith("ended with exit code 4")
    assert (found["lying"].absent or "").startswith("answered another probability")
    assert found["ends"].loads == found["lying"].loads == []


def test_the_parts_of_a_request_are_all_there(subject: Subject) -> None:
    parts = breakdown.in_process(subject, Budget(seconds=0.2, runs=50))
    assert len({part.name for part in parts}) == len(parts) == 9
    for part in parts:
        assert part.alone is not None
        assert part.us > 0.0 or part.name == breakdown.REST
    together, alone = sum(part.us for part in parts), sum(part.alone or 0.0 for part in parts)
    assert 0.0 < together < alone


@pytest.mark.e2e
def test_a_server_that_gives_way_under_load_does_not_end_the_benchmark(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = serving.loaded

    def loaded(one: Running, generator: Generator, shape: Shape) -> Load:
        if one.kind.key == "gives-way" and shape.connections == 4:
            raise ServerError("accepted nothing")
        return measured(one, generator, shape)

    monkeypatch.setattr(serving, "loaded", loaded)
    constant = BY_KEY["constant"]
    generator = Generator(tools.load_generator(print), subject.single, cores()[-1:])
    plan = Plan((1, 4), 2, 0.1, 0.1, cores()[:1], 1)
    kinds = [constant, replace(constant, key="gives-way")]
    whole, gone = serving.measure(kinds, subject, generator, plan, print)
    assert [load.rounds for load in whole.loads] == [2, 2]
    assert (gone.absent, gone.loads) == ("accepted nothing", [])
