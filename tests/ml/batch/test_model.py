"""The model that a release names, as a batch fetches it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ml.batch.asked import Named
from ml.batch.model import downloaded
from ml.errors import MlopsError
from tests.ml.azure.fakes import Workspace


def test_a_model_that_is_gone_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Workspace().patched(monkeypatch)
    estate = SimpleNamespace(subscription_id="s", resource_group="rg-stage", workspace="ws")
    azure: Any = SimpleNamespace(estate=estate, granted=lambda call, _what: call(), container=there.container)
    gone = downloaded(azure, Named("credit", "3", "r-1", "sha256:1"))
    with pytest.raises(MlopsError, match="credit:3 is not in ws") as refused, gone:
        pass
    assert refused.value.remedy == "Train again, or name another --release."
