"""`mlops card`, and the card's place beside a registered model: fetched with it, never served with it."""

import errno
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from ml.commands import card as command
from ml.deploy.image import scoring_context
from ml.errors import MlopsError
from scoring.model.artifact import EXPLANATION, FILES
from tests.ml.azure.fakes import Workspace
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.scoring.trained import small

ROOT = Path(__file__).parents[3]
PAGE = b"<html></html>"
CARD: dict[str, Any] = {
    "model": {"estimator": "hist_gradient_boosting"},
    "metrics": {"roc_auc": 0.78, "log_loss": 0.43},
    "calibration": {"error": 0.02},
    "threshold": {"decision": 0.17, "cost": 0.55},
    "outliers": {"share": 0.009, "stated_share": 0.01},
    "drift": {"false_alarms": 0.02, "power": 1.0},
    "importance": {"features": [{"feature": "pay_0"}]},
    "lineage": {"data_asset": "credit:3"},
    "bounds": [{"name": "minimum_roc_auc", "limit": 0.75, "found": 0.78, "holds": True}],
}


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with two versions, and the card of each."""
    made = Workspace().patched(monkeypatch)
    for version in ("2", "4"):
        made.version("credit", version, {"card/card.json": json.dumps(CARD).encode(), "card/card.html": PAGE})
    return made


@pytest.fixture
def azure(there: Workspace, report: RecordingReport) -> Any:
    estate = SimpleNamespace(subscription_id="s", resource_group="rg-stage", workspace="ws")
    return SimpleNamespace(
        estate=estate,
        settings=SimpleNamespace(training=SimpleNamespace(model_name="credit")),
        granted=lambda call, what: call(),
        container=there.container,
        report=report,
    )


def shown(answer: dict[str, Any]) -> str:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(command.render(answer))
    return console.export_text()


def test_the_card_of_the_latest_version_is_shown_and_its_page_written(azure: Any, tmp_path: Path) -> None:
    answer = command.card(azure, "latest", tmp_path / "page.html", browse=False)
    assert (answer["model"], answer["card"]) == ("credit:4", CARD)
    assert (tmp_path / "page.html").read_text() == "<html></html>"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    said = shown(answer)
    assert "Card of credit:4" in said and "minimum_roc_auc" in said and "holds" in said


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127])
def test_a_page_may_have_the_longest_name_that_the_system_takes(
    azure: Any, tmp_path: Path, name: str
) -> None:
    command.card(azure, "latest", tmp_path / name, browse=False)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_that_is_too_long_is_told_before_anything_is_read(tmp_path: Path) -> None:
    for name in ("x" * 256, "é" * 128):
        with pytest.raises(MlopsError, match="File name too long") as caught:
            command.card(SimpleNamespace(), "latest", tmp_path / name, browse=False)
        assert name in caught.value.problem


def test_a_page_that_cannot_be_written_is_told_and_leaves_nothing(
    azure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full is only known while writing."""
    written = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        written(path, content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MlopsError, match=r"page\.html cannot be written: No space left on device"):
        command.card(azure, "latest", tmp_path / "page.html", browse=False)
    assert list(tmp_path.iterdir()) == []


def test_without_a_place_no_page_is_written(azure: Any) -> None:
    assert command.card(azure, "credit:2", None, browse=False)["page"] is None


def test_the_page_is_opened(azure: Any, report: RecordingReport, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(command.webbrowser, "open", lambda address: opened.append(address) or False)
    answer = command.card(azure, "latest", None, browse=True)
    assert opened == [Path(answer["page"]).resolve().as_uri()]
    assert any("no browser could be opened" in line for line in report.lines)
    Path(answer["page"]).unlink()
    Path(answer["page"]).parent.rmdir()


def test_a_model_without_a_card_and_a_place_that_is_none_are_named(
    azure: Any, there: Workspace, tmp_path: Path
) -> None:
    there.version("credit", "5", {"manifest.json": b"{}"})
    with pytest.raises(MlopsError, match="credit:5 was registered without a card"):
        command.card(azure, "latest", None, browse=False)
    with pytest.raises(MlopsError, match="there is no directory"):
        command.card(azure, "latest", tmp_path / "no" / "page.html", browse=False)


def test_the_scoring_image_holds_the_artifact_and_not_its_card(tmp_path: Path) -> None:
    model = tmp_path / "model"
    small().trained.artifact.save(model)
    before = scoring_context(ROOT, model)
    (model / "card").mkdir()
    (model / "card" / "card.json").write_text("{}")
    after = scoring_context(ROOT, model)
    assert {name for name in after.files if name.startswith("model/")} == {f"model/{name}" for name in FILES}
    assert after.sha256 == before.sha256
    (model / EXPLANATION).write_bytes(b"other")
    with pytest.raises(MlopsError, match="is no usable artifact"):
        scoring_context(ROOT, model)


def test_a_version_that_was_not_better_says_why_it_is_there(azure: Any, there: Workspace) -> None:
    assert "override" not in shown(command.card(azure, "latest", None, browse=False))
    there.tags("credit", "4")["override"] = "the card's words were corrected"
    assert "the card's words were corrected" in shown(command.card(azure, "latest", None, browse=False))


def test_the_card_says_what_started_the_training(azure: Any, there: Workspace) -> None:
    assert command.card(azure, "credit:4", None, False)["started"] is None
    known = there.properties("credit", "4")
    known |= {"lineage.started_by": "data", "lineage.event": "e-1", "lineage.reason": "a new file"}
    answer = command.card(azure, "credit:4", None, False)
    assert answer["started"] == "by data (e-1): a new file"
    assert "by data (e-1): a new file" in shown(answer)
    known.clear()
    known |= {"lineage.started_by": "person", "lineage.reason": "by hand"}
    assert command.card(azure, "credit:4", None, False)["started"] == "by person: by hand"
