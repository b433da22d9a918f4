"""Whether answers are kept, as the settings say."""

from types import SimpleNamespace
from typing import Any

import pytest

from scoring import assembly
from scoring.kept.writer import Keeper
from scoring.model.schema import NumberFeature, Schema
from scoring.settings import KeepSettings, Settings, SettingsError
from scoring.telemetry.queue import Telemetry

KEEP = KeepSettings("https://dlake.blob.core.windows.net/answers")


def keeper(keep: KeepSettings | None, *features: str) -> Keeper | None:
    schema = Schema(tuple(NumberFeature(name, "", 0, 1, False) for name in features))
    scorer: Any = SimpleNamespace(artifact=SimpleNamespace(schema=schema))
    return assembly._keeper(Settings(keep=keep), scorer, Telemetry(None))  # pyright: ignore[reportPrivateUsage]


def test_answers_are_kept_when_there_is_a_place_for_them() -> None:
    assert keeper(None, "age") is None
    assert isinstance(keeper(KEEP, "age"), Keeper)


def test_a_model_whose_features_are_columns_is_refused_at_the_start() -> None:
    assert keeper(None, "row", "key") is None
    with pytest.raises(
        SettingsError, match="SCORING_KEEP_URL is set, and the model has the features row, key"
    ):
        keeper(KEEP, "row", "age", "key")
