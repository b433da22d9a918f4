"""Where a report leaves the machine: metrics to Application Insights, files to the lake; commands by name."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import ResourceNotFoundError
from opentelemetry.sdk.metrics.export import MetricExportResult

from infra.alerts import QUERIES
from ml.commands import labels as labels_command
from ml.errors import MlopsError
from ml.quality import place, store
from ml.quality.rules import Rules
from ml.quality.settings import QualitySettings
from ml.quality.telling import measurements, tell
from ml.quality.year.power import one_day
from ml.quality.year.world import Event

RULES = Rules()


class Exporter:
    """Takes the place of Azure Monitor's; `answer` is what it says of an export."""

    answer = MetricExportResult.SUCCESS
    made: dict[str, Any]
    points: dict[str, tuple[float, dict[str, str]]]

    def __init__(self, **options: Any) -> None:
        Exporter.made, Exporter.points = options, {}

    def export(self, data: Any) -> MetricExportResult:
        for resource in data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    (point,) = metric.data.data_points
                    Exporter.points[metric.name] = (point.value, dict(point.attributes))
        return self.answer

    def shutdown(self) -> None: ...


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> type[Exporter]:
    import azure.monitor.opentelemetry.exporter as package

    monkeypatch.setattr(package, "AzureMonitorMetricExporter", Exporter)
    return Exporter


def test_each_figure_is_sent_once_with_its_day_and_model(exporter: type[Exporter]) -> None:
    report = one_day(3, 3_000, (Event("covariate", feature=2, size=0.6),), RULES, labels=True)
    tell(report, "InstrumentationKey=k", cast("Any", "credential"))
    assert exporter.made["credential"] == "credential"
    assert {name: value for name, (value, _) in exporter.points.items()} == measurements(report)
    _, dimensions = exporter.points["quality.drifted"]
    assert dimensions == {"date": "2026-01-01", "model": "simulated:1", "verdict": report.diagnosis.verdict}


def test_figures_that_are_not_taken_are_an_error(
    exporter: type[Exporter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "answer", MetricExportResult.FAILURE)
    report = one_day(3, 3_000, (), RULES, labels=False)
    with pytest.raises(MlopsError, match="did not take its metrics"):
        tell(report, "InstrumentationKey=k", cast("Any", None))


def test_alert_rules_ask_for_metrics_that_are_sent() -> None:
    report = one_day(3, 3_000, (), RULES, labels=True)
    sent = set(measurements(report))
    asked = {rule.key: rule.query.split('"')[1] for rule in QUERIES if '"quality.' in rule.query}
    assert set(asked) == {"quality", "drift-days", "broken-column", "no-quality"}
    assert set(asked.values()) <= sent
    assert [rule.key for rule in QUERIES if rule.key in asked and rule.retrain] == ["quality"]


class Container:
    """As much of a container's client as the store uses."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def get_blob_client(self, path: str) -> Any:
        def download_blob() -> Any:
            if path not in self.blobs:
                raise ResourceNotFoundError("no such blob")
            return SimpleNamespace(readall=lambda: self.blobs[path])

        return SimpleNamespace(download_blob=download_blob)

    def upload_blob(self, path: str, content: bytes, overwrite: bool) -> None:
        assert overwrite
        self.blobs[path] = content


def test_reports_are_in_the_lake_by_day() -> None:
    container = Container()
    azure = SimpleNamespace(container=lambda account, name: container, granted=lambda call, what: call())
    files = store.Lake(cast("Any", azure), "stlake", "tables")
    report = one_day(3, 3_000, (), RULES, labels=False)
    assert store.read_report(files, report.date) is None
    assert store.write_report(files, report) == "quality/2026-01-01.json"
    assert store.read_report(files, report.date) == report
    other = container.blobs["quality/2026-01-01.json"].replace(b'"version": 1', b'"version": 0')
    container.blobs["quality/2026-01-01.json"] = other
    assert store.read_report(files, report.date) is None


def test_an_estate_without_a_lake_is_named() -> None:
    azure: Any = SimpleNamespace(estate=SimpleNamespace(data_lake=None, environment="stage"))
    with pytest.raises(MlopsError, match="stage has no data lake"):
        place.account(azure)
    with pytest.raises(MlopsError, match="stage has no data lake"):
        labels_command.labels(azure, "labels.csv")


def test_a_manifest_is_looked_up_once_and_kept(tmp_path: Path) -> None:
    files = store.Folder(tmp_path)
    wrong = tmp_path / "manifest.json"
    wrong.write_text("{}")
    found = place.contracts(files, {"credit:3": wrong}, None)
    with pytest.raises(MlopsError, match="manifest of the model credit:3 cannot be read"):
        found("credit:3")
    assert store.read_manifest(files, "credit:3") is None
    with pytest.raises(MlopsError, match="neither kept nor registered"):
        found("credit:4")


def test_settings_become_rules() -> None:
    assert QualitySettings().rules() == RULES
    assert QualitySettings(window_rows=4_000).rules().window_rows == 4_000
