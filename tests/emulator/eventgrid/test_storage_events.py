"""What storage tells Event Grid: of each operation its event, with the data that Azure documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.eventgrid import filters
from emulator.eventgrid.event import Event
from tests.emulator.eventgrid.conftest import LAKE, PROVIDERS, Json, World
from tests.emulator.storage import estate

BLOB = {"x_ms_blob_type": "BlockBlob"}


def told(world: World) -> list[Json]:
    world.later(0)
    return world.received()


def short(events: list[Json]) -> list[tuple[str, str, str]]:
    """Type, api and path of each."""
    return [
        (
            one["eventType"].removeprefix("Microsoft.Storage."),
            one["data"]["api"],
            one["subject"].removeprefix("/blobServices/default/containers/data/blobs/"),
        )
        for one in events
    ]


def test_a_file_is_complete_when_it_is_flushed_and_closed(world: World) -> None:
    world.subscribe()
    world.dfs("PUT", "/data/in/a b.csv", {"resource": "file"}, x_ms_client_request_id="mine")
    world.dfs("PATCH", "/data/in/a b.csv", {"action": "append", "position": "0"}, b"12345")
    world.dfs("PATCH", "/data/in/a b.csv", {"action": "flush", "position": "5"})
    world.dfs("PATCH", "/data/in/a b.csv", {"action": "flush", "position": "5", "close": "true"})
    created, complete = told(world)
    assert short([created, complete]) == [
        ("BlobCreated", "CreateFile", "in/a b.csv"),
        ("BlobCreated", "FlushWithClose", "in/a b.csv"),
    ]
    data = complete["data"]
    assert complete["topic"] == LAKE and complete["dataVersion"] == "2"
    assert data["url"] == "https://lake.dfs.core.windows.net/data/in/a%20b.csv"
    assert (data["contentLength"], data["contentOffset"], data["blobType"]) == (5, 5, "BlockBlob")
    assert data.keys() == {
        *("api", "requestId", "eTag", "contentType", "contentLength", "contentOffset", "blobType", "url"),
        *("sequencer", "storageDiagnostics"),
    }
    assert created["data"]["clientRequestId"] == "mine" and created["data"]["contentLength"] == 0
    assert created["data"]["sequencer"] < data["sequencer"] and len(data["sequencer"]) == 32


def test_paths_are_renamed_and_deleted(world: World) -> None:
    world.subscribe()
    world.dfs("PUT", "/data/new", {"resource": "directory"})
    world.dfs("PUT", "/data/new", {"resource": "directory"})  # it is there: nothing is created
    world.dfs("PUT", "/data/new/a", {"resource": "file"})
    world.dfs("PUT", "/data/new/b", {}, x_ms_rename_source="/data/new/a")
    world.dfs("DELETE", "/data/new/b", {})
    world.dfs("PUT", "/data/old", {}, x_ms_rename_source="/data/new")
    world.dfs("DELETE", "/data/old", {"recursive": "true"})
    events = told(world)
    assert short(events) == [
        ("DirectoryCreated", "CreateDirectory", "new"),
        ("BlobCreated", "CreateFile", "new/a"),
        ("BlobRenamed", "RenameFile", "new/b"),
        ("BlobDeleted", "DeleteFile", "new/b"),
        ("DirectoryRenamed", "RenameDirectory", "old"),
        ("DirectoryDeleted", "DeleteDirectory", "old"),
    ]
    assert events[2]["data"]["sourceUrl"] == "https://lake.dfs.core.windows.net/data/new/a"
    assert events[2]["data"]["destinationUrl"] == "https://lake.dfs.core.windows.net/data/new/b"
    assert events[5]["data"]["recursive"] == "true"


def test_the_blob_service_tells_in_its_own_words(world: World) -> None:
    world.subscribe()
    world.storage("blob", "PUT", "/data/a", {}, b"1", **BLOB)
    world.storage("blob", "PUT", "/data/a", {"comp": "block", "blockid": "MDE="}, b"12")
    blocks = b"<BlockList><Latest>MDE=</Latest></BlockList>"
    world.storage("blob", "PUT", "/data/a", {"comp": "blocklist"}, blocks)
    source = "https://lake.blob.core.windows.net/data/a"
    world.storage("blob", "PUT", "/data/b", {}, x_ms_copy_source=source)
    world.storage("blob", "PUT", "/data/b", {"comp": "metadata"}, x_ms_meta_a="b")
    world.storage("blob", "PUT", "/data/b", {"comp": "tier"}, x_ms_access_tier="Cool")
    world.storage("blob", "DELETE", "/data/b", {})
    world.emulator.blobs.write("lake", "data", "by-azure", b"x")
    events = told(world)
    assert short(events) == [
        ("BlobCreated", "PutBlob", "a"),
        ("BlobCreated", "PutBlockList", "a"),
        ("BlobCreated", "CopyBlob", "b"),
        ("BlobTierChanged", "SetBlobTier", "b"),
        ("BlobDeleted", "DeleteBlob", "b"),
        ("BlobCreated", "PutBlob", "by-azure"),
    ]
    assert events[1]["data"]["contentLength"] == 2 and events[1]["dataVersion"] == ""
    assert events[4]["data"]["url"] == "https://lake.blob.core.windows.net/data/b"
    assert "contentLength" not in events[4]["data"]


def test_what_fails_and_what_nobody_asked_for_is_not_told(world: World) -> None:
    with pytest.raises(AssertionError, match="ContainerNotFound"):
        world.storage("blob", "PUT", "/absent/a", {}, b"1", **BLOB)
    world.storage("blob", "PUT", "/data/a", {}, b"1", **BLOB)
    world.subscribe(
        filter={
            "subjectBeginsWith": "/blobServices/default/containers/DATA/blobs/in/",
            "subjectEndsWith": ".csv",
            "advancedFilters": [
                {"operatorType": "StringIn", "key": "data.api", "values": ["flushwithclose"]},
                {"operatorType": "NumberGreaterThan", "key": "data.contentLength", "value": 0},
            ],
        }
    )
    for name in ("in/a.csv", "in/b.txt", "other/c.csv", "in/empty.csv"):
        world.dfs("PUT", f"/data/{name}", {"resource": "file"})
        if "empty" not in name:
            world.dfs("PATCH", f"/data/{name}", {"action": "append", "position": "0"}, b"1")
        length = "0" if "empty" in name else "1"
        world.dfs("PATCH", f"/data/{name}", {"action": "flush", "position": length, "close": "true"})
    assert short(told(world)) == [("BlobCreated", "FlushWithClose", "in/a.csv")]


def test_a_topic_hears_of_its_own_account_alone(world: World) -> None:
    estate.account(world.emulator, "another")
    world.subscribe()
    world.emulator.blobs.write("another", "data", "a", b"x")
    source = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/another"
    assert not world.emulator.publisher.watched(source) and told(world) == []


EVENT = Event(
    "id-1", LAKE, "T.Created", "/a/B.csv", "", {"n": 5, "Text": "Abc", "on": True, "list": ["x", "y"]}
)


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "matches"),
    [
        ("NumberIn", "data.n", [4, 5], True),
        ("NumberNotIn", "data.n", [4, 5], False),
        ("NumberInRange", "data.n", [[1, 2], [5, 5]], True),
        ("NumberNotInRange", "data.n", [[1, 2]], True),
        ("NumberLessThanOrEquals", "data.n", 5, True),
        ("NumberLessThan", "data.n", 5, False),
        ("NumberGreaterThanOrEquals", "data.text", 5, False),
        ("BoolEquals", "data.on", True, True),
        ("StringIn", "data.TEXT", ["ABC"], True),
        ("StringContains", "subject", ["b.C"], True),
        ("StringBeginsWith", "EventType", ["t.c"], True),
        ("StringNotBeginsWith", "topic", ["/subscriptions"], False),
        ("StringNotEndsWith", "data.absent.deeper", ["x"], True),
        ("StringIn", "data.absent", ["x"], False),
        ("IsNullOrUndefined", "data.absent", None, True),
        ("IsNotNull", "data.n", None, True),
        ("StringIn", "data.list", ["y"], False),
    ],
)
def test_advanced_filters(operator: str, key: str, wanted: object, matches: bool) -> None:
    given_: Json = {"operatorType": operator, "key": key}
    if wanted is not None:
        given_["value" if operator in filters.ONE_VALUE else "values"] = wanted
    assert filters.matches({"advancedFilters": [given_]}, EVENT) is matches


def test_arrays_are_looked_into_where_that_is_asked_for() -> None:
    one = {"operatorType": "StringIn", "key": "data.list", "values": ["y"]}
    none = {"operatorType": "StringNotIn", "key": "data.list", "values": ["y"]}
    asked = {"enableAdvancedFilteringOnArrays": True}
    assert filters.matches({"advancedFilters": [one], **asked}, EVENT)
    assert not filters.matches({"advancedFilters": [none], **asked}, EVENT)


@given(st.sampled_from(sorted(filters.NEGATIVE)), st.sampled_from(["Abc", "", "zz", 5, 7, True, None]))
def test_what_denies_an_operator_is_its_opposite(name: str, value: object) -> None:
    """Whatever stands there; where nothing does, a denial holds."""
    event = Event("", "", "", "", "", {"v": value})
    wanted: list[object] = (
        [[1, 6]] if name.endswith("InRange") else [5] if "Number" in name else ["ab", "Abc"]
    )
    both = [
        filters.matches(
            {"advancedFilters": [{"operatorType": one, "key": "data.v", "values": wanted}]}, event
        )
        for one in (name, filters.NEGATIVE[name])
    ]
    assert both[0] is not both[1]
