"""A training that starts from the registered model, through the real command line and jobs."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import World, estate_world

__all__ = ["estate_world"]  # the fixture
pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_the_champion_is_continued_and_the_card_says_so(estate_world: World, tmp_path: Path) -> None:
    def mlops(*argv: str) -> dict[str, Any]:
        return json.loads(estate_world.run("mlops", *argv, "--env", "stage", "--json").stdout)

    first = mlops("train", "--trials", "1")
    name = first["model"].partition(":")[0]
    second = mlops("train", "--trials", "1", "--start-from", "latest", "--override", "to see its card")
    assert (second["registered"], second["reused"], second["model"]) == (True, False, f"{name}:2")
    again = mlops("train", "--trials", "1", "--start-from", f"{name}:1", "--override", "to see its card")
    assert (again["job"], again["reused"]) == (second["job"], True)

    page = tmp_path / "card.html"
    mlops("card", "--model", f"{name}:2", "--output", str(page))
    told = page.read_text(encoding="utf-8")
    assert "started from" in told and f"{name}:1" in told and "The earlier model, continued" in told
