"""Arrow streams: the same rows give the same answers, and the same errors, as JSON in columns."""

import io
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import arrow
from scoring.arrow.messages import ArrowError
from scoring.arrow.reading import payload
from scoring.model.artifact import Artifact
from scoring.model.defects import ContractError, TooManyRowsError
from scoring.model.encode import Encoder
from scoring.model.schema import CategoryFeature, NumberFeature, Schema
from scoring.settings import Limits
from tests.scoring.conftest import Running
from tests.scoring.trained import as_stated

Serve = Callable[..., Running]
TYPE = {"content-type": arrow.MEDIA_TYPE.decode()}
BOTH = TYPE | {"accept": arrow.MEDIA_TYPE.decode()}


def stream(table: Any, rows: int | None = None, **options: Any) -> bytes:
    written = io.BytesIO()
    with pa.ipc.new_stream(written, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return written.getvalue()


def samples(artifact: Artifact) -> Any:
    return pa.Table.from_pylist(list(artifact.samples.request["records"]))


def post(running: Running, body: bytes, headers: dict[str, str] = TYPE) -> httpx.Response:
    return running.client.post("/score", content=body, headers=headers)


@pytest.mark.parametrize("rows", [None, 5])
def test_rows_are_answered_as_the_artifact_says(serve: Serve, artifact: Artifact, rows: int | None) -> None:
    running = serve()
    answer = post(running, stream(samples(artifact), rows))
    assert answer.status_code == 200, answer.text
    assert as_stated(answer.json()["predictions"], artifact.samples.predictions)
    assert as_stated(answer.json()["outliers"], artifact.samples.outliers)
    assert running.scorer.monitor.snapshot().rows == len(artifact.samples.predictions)


def test_an_answer_may_be_arrow_too(serve: Serve, artifact: Artifact) -> None:
    running = serve()
    as_json = running.client.post("/score", json=artifact.samples.request).json()
    for body, headers in (
        (stream(samples(artifact)), BOTH),
        (
            running.client.build_request("POST", "/score", json=artifact.samples.request).content,
            {"content-type": "application/json", "accept": arrow.MEDIA_TYPE.decode()},
        ),
    ):
        answer = post(running, body, headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, arrow.MEDIA_TYPE.decode())
        table = pa.ipc.open_stream(answer.content).read_all()
        assert [f"{field.name}: {field.type} {field.nullable}" for field in table.schema] == [
            "probability: double False",
            "label: int8 False",
            "outlier_score: double False",
            "outlier_flag: bool False",
        ]
        rows = table.to_pylist()
        assert [{"probability": row["probability"], "label": row["label"]} for row in rows] == as_json[
            "predictions"
        ]
        assert [{"score": row["outlier_score"], "flag": row["outlier_flag"]} for row in rows] == as_json[
            "outliers"
        ]
        said = table.schema.metadata
        assert said[b"request_id"].decode() == answer.headers["x-request-id"]
        assert httpx.Response(200, content=said[b"model"]).json() == as_json["model"]
        assert httpx.Response(200, content=said[b"drift"]).json().keys() == as_json["drift"].keys()


CASTS = ("int8", "uint16", "int32", "int64", "float32", "float64", "dictionary", "large_string")


@pytest.mark.parametrize("cast", CASTS)
def test_columns_may_have_any_type_that_holds_the_values(artifact: Artifact, cast: str) -> None:
    table, changed = samples(artifact), 0
    for name in artifact.schema.names:
        column = table.column(name)
        try:
            column = column.dictionary_encode() if cast == "dictionary" else column.cast(cast)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # it does not hold them
            continue
        if cast == "large_string" and not pa.types.is_string(table.schema.field(name).type):
            continue  # a number as text is another value
        table = table.set_column(table.schema.get_field_index(name), name, column)
        changed += 1
    assert changed
    encoder = Encoder(artifact.schema, 100)
    expected = encoder.encode(dict(artifact.samples.request))
    assert np.array_equal(encoder.encode(payload(stream(table, 4), 100)), expected)


CONTRACT = Schema(
    (
        NumberFeature("whole", "", -3, 1000, integer=True),
        NumberFeature("wide", "", 0, 2.0**60, integer=True),
        CategoryFeature("kind", "", ("a", "é", 2, 7)),
        CategoryFeature("flag", "", (0, 1)),
    )
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int64": st.integers(-5, 8) | st.integers(-(2**63), 2**63 - 1) | st.none(),
    "float64": st.sampled_from([0.0, 1.0, 2.0, -3.0, 0.5, 1e300, -0.0])
    | st.floats(allow_nan=False)
    | st.none(),
    "string": st.sampled_from(["a", "é", "b", "", "ab", "2"]) | st.none(),
}


@given(data=st.data(), rows=st.integers(1, 6), chunk=st.integers(1, 6), more=st.booleans())
@settings(max_examples=80, deadline=None)
def test_defects_are_named_as_those_of_json_in_columns(
    data: st.DataObject, rows: int, chunk: int, more: bool
) -> None:
    arrays: dict[str, Any] = {}
    for name in [*CONTRACT.names, *(["more"] if more else [])]:
        kind = data.draw(st.sampled_from(sorted(VALUES)))
        arrays[name] = pa.array(
            data.draw(st.lists(VALUES[kind], min_size=rows, max_size=rows)), getattr(pa, kind)()
        )
    dropped = data.draw(st.none() | st.sampled_from(sorted(arrays)))
    arrays.pop(dropped, None)
    table = pa.table(arrays)
    encoder = Encoder(CONTRACT, 100)
    as_json: object = {"columns": {name: column.to_pylist() for name, column in arrays.items()}}
    assert outcome(encoder, lambda: payload(stream(table, chunk), 100)) == outcome(encoder, lambda: as_json)


def outcome(encoder: Encoder, made: Callable[[], object]) -> object:
    try:
        return encoder.encode(made()).tolist()
    except ContractError as error:
        return [item.to_json() for item in error.errors], error.more


def test_other_types_are_refused_by_column(serve: Serve, artifact: Artifact) -> None:
    table = samples(artifact)
    for name, values in (("age", pa.array([[1]] * len(table))), ("sex", pa.array([True] * len(table)))):
        table = table.set_column(table.schema.get_field_index(name), name, values)
    answer = post(serve(), stream(table))
    assert answer.status_code == 422
    found = {item["pointer"]: (item["code"], item["detail"]) for item in answer.json()["errors"]}
    assert found == {
        "#/columns/age": ("wrong_type", "expected numbers or strings, found Arrow's type list"),
        "#/columns/sex": ("wrong_type", "expected numbers or strings, found Arrow's type bool"),
    }


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_compressed_streams_are_refused_before_they_are_unpacked(
    serve: Serve, artifact: Artifact, compression: str
) -> None:
    answer = post(serve(), stream(samples(artifact), compression=compression))
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:scoring:problem:invalid-arrow")
    assert "compress" in answer.json()["detail"]


def test_too_many_rows_are_refused_before_they_are_unpacked(serve: Serve, artifact: Artifact) -> None:
    running = serve(limits=Limits(rows=20))
    table = pa.concat_tables([samples(artifact)] * 3)
    answer = post(running, stream(table, 10))
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:scoring:problem:too-large")
    empty = post(running, stream(table.slice(0, 0)))
    assert empty.status_code == 422
    with pytest.raises(ContractError):  # a billion rows without a byte
        payload(stream(pa.table({"nothing": pa.nulls(10**9)})), 5_000)


def test_streams_that_are_none_are_refused(artifact: Artifact) -> None:
    whole = stream(samples(artifact))
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["age", "age"])
    for body in (b"", b"{}", b"ARROW1\0\0", whole[:100], whole[:-300], stream(twice)):
        with pytest.raises(ArrowError):
            payload(body, 100)


@given(at=st.integers(0, 10_000), other=st.binary(min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_damaged_streams_are_refused_or_read_never_worse(artifact: Artifact, at: int, other: bytes) -> None:
    whole = stream(samples(artifact), 7)
    at %= len(whole)
    try:
        found = payload(whole[:at] + other + whole[at + len(other) :], 100)
    except (ArrowError, ContractError, TooManyRowsError):
        return
    assert isinstance(found, dict)


def test_explanations_take_json_alone(serve: Serve, artifact: Artifact) -> None:
    answer = serve().client.post("/explain", content=stream(samples(artifact)), headers=TYPE)
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:scoring:problem:unsupported-media-type")
