"""What reaches the function app, read as Azure documents it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.trigger.events import Ignored, Malformed, Registered, from_alert, from_event_grid, from_timer
from ml.trigger.state import Event

LANDING = "azureml://datastores/lake_landing/paths"
URL = "https://dlmlops.dfs.core.windows.net/landing/2026/rows.parquet"


def landed(**changes: Any) -> dict[str, Any]:
    """An event as "Azure Blob Storage as an Event Grid source" has it for Data Lake Storage."""
    data = {
        "api": "FlushWithClose",
        "requestId": "d5f2c7e0-001e-00c4-6f8a-31c1c5000000",
        "eTag": "0x8DD7B7",
        "contentType": "application/octet-stream",
        "contentLength": 4096,
        "contentOffset": 0,
        "blobType": "BlockBlob",
        "url": URL,
        "sequencer": "00000000000004420000000000028963",
        "identifier": "",
        **changes,
    }
    return {
        "topic": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/dlmlops",
        "subject": "/blobServices/default/containers/landing/blobs/2026/rows.parquet",
        "eventType": "Microsoft.Storage.BlobCreated",
        "eventTime": "2026-11-30T10:15:30.1234567Z",
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "data": data,
        "dataVersion": "2",
        "metadataVersion": "1",
    }


def model(**changes: Any) -> dict[str, Any]:
    """What is told of a model, as "Azure Machine Learning as an Event Grid source" has it."""
    return {
        "ModelName": "credit-default",
        "ModelVersion": 3,
        "ModelTags": {},
        "ModelProperties": {"lineage.started_by": "data"},
        **changes,
    }


def fired(**changes: Any) -> dict[str, Any]:
    """As "Common alert schema" has it."""
    essentials = {
        "alertId": "/subscriptions/s/providers/Microsoft.AlertsManagement/alerts/b9569717",
        "alertRule": "alert-mlops-stage-weu-drift",
        "severity": "Sev2",
        "signalType": "Log",
        "monitorCondition": "Fired",
        "monitoringService": "Log Alerts V2",
        "firedDateTime": "2026-11-30T10:15:30.1234567Z",
        "essentialsVersion": "1.0",
        **changes,
    }
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {"essentials": essentials, "alertContext": {}},
    }


@pytest.mark.parametrize("api", ["FlushWithClose", "PutBlob", "PutBlockList"])
def test_a_complete_file_asks_for_a_training_on_it(api: str) -> None:
    found = from_event_grid(landed(api=api), LANDING)
    assert found == Event(
        id="831e1650-001e-001b-66ab-eeb76e069631",
        started_by="data",
        words="2026/rows.parquet landed",
        data=f"{LANDING}/2026/rows.parquet",
        at=datetime(2026, 11, 30, 10, 15, 30, 123456, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"api": "CreateFile", "contentLength": 0}, "not complete after CreateFile"),
        ({"contentLength": 0}, "is empty"),
        ({"url": URL.replace(".parquet", ".tmp")}, "is no .parquet file"),
        ({"url": URL.replace(".parquet", ".csv")}, "is no .parquet file"),
    ],
)
def test_what_is_no_complete_file_asks_for_nothing(changes: dict[str, Any], why: str) -> None:
    found = from_event_grid(landed(**changes), LANDING)
    assert isinstance(found, Ignored)
    assert why in found.why


def test_a_cloud_event_says_the_same() -> None:
    given = landed()
    cloud = {
        "source": given["topic"],
        "subject": given["subject"],
        "type": given["eventType"],
        "time": given["eventTime"],
        "id": given["id"],
        "data": given["data"],
        "specversion": "1.0",
    }
    assert from_event_grid(cloud, LANDING) == from_event_grid(given, LANDING)


def test_a_registered_model_is_told_as_one() -> None:
    message = {**landed(), "eventType": "Microsoft.MachineLearningServices.ModelRegistered"}
    for version in (3, "3"):
        message["data"] = model(ModelVersion=version)
        found = from_event_grid(message, LANDING)
        assert isinstance(found, Registered)
        assert found.name == "credit-default:3"
    message["data"] = model(ModelProperties={})
    assert from_event_grid(message, LANDING) == Ignored(
        why="credit-default:3 was not registered by the training pipeline"
    )
    for wrong in (
        {"ModelName": "--force"},
        {"ModelName": "a b"},
        {"ModelVersion": "1;"},
    ):
        message["data"] = model(**wrong)
        with pytest.raises(Malformed, match="name no model"):
            from_event_grid(message, LANDING)


def test_a_registered_model_is_read_in_either_spelling_of_its_names() -> None:
    """Azure's documentation writes ModelName, and the tests of Azure's SDK write modelName."""
    message = {**landed(), "eventType": "Microsoft.MachineLearningServices.ModelRegistered"}

    def told(**changes: Any) -> dict[str, Any]:
        return {name[0].lower() + name[1:]: value for name, value in model(**changes).items()}

    for version in (3, "3"):
        message["data"] = told(ModelVersion=version)
        found = from_event_grid(message, LANDING)
        assert isinstance(found, Registered)
        assert found.name == "credit-default:3"
    message["data"] = told(ModelProperties={})
    assert isinstance(from_event_grid(message, LANDING), Ignored)
    message["data"] = told(ModelName="--force")
    with pytest.raises(Malformed, match="name no model"):
        from_event_grid(message, LANDING)


def test_an_alert_that_fired_asks_and_one_that_is_resolved_does_not() -> None:
    found = from_alert(fired())
    assert isinstance(found, Event)
    assert (found.started_by, found.words) == ("metric", "the alert alert-mlops-stage-weu-drift fired")
    assert from_alert(fired(firedDateTime="2026-11-30T11:00:00Z", severity="Sev1")) == found.model_copy(
        update={"at": datetime(2026, 11, 30, 11, tzinfo=UTC)}
    )
    resolved = from_alert(fired(monitorCondition="Resolved"))
    assert isinstance(resolved, Ignored)


@pytest.mark.parametrize(
    "body",
    [{}, {"schemaId": "Microsoft.Insights/activityLogs"}, {**fired(), "data": {}}, {**fired(), "data": 1}],
)
def test_what_is_no_alert_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        from_alert(body)


@pytest.mark.parametrize("missing", ["id", "eventType", "eventTime", "data"])
def test_an_event_without_its_parts_is_refused(missing: str) -> None:
    message = landed()
    del message[missing]
    with pytest.raises(Malformed):
        from_event_grid(message, LANDING)


@given(
    st.dictionaries(st.sampled_from(["api", "url", "contentLength"]), st.none() | st.text() | st.integers())
)
def test_whatever_is_told_of_a_file_is_an_event_or_is_refused_in_words(changes: dict[str, Any]) -> None:
    try:
        found = from_event_grid(landed(**changes), LANDING)
    except Malformed as error:
        assert str(error)
        return
    assert isinstance(found, Ignored) or found.id


def test_two_calls_of_the_timer_within_a_minute_are_one_event() -> None:
    at = datetime(2026, 11, 30, 4, 0, 1, tzinfo=UTC)
    assert from_timer(at).id == from_timer(at.replace(second=59)).id
    assert from_timer(at).id != from_timer(at.replace(hour=5)).id
