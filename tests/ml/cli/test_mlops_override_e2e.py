"""A model that is not better is registered by a person's reason, through the real command line and jobs."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import World, estate_world

__all__ = ["estate_world"]  # the fixture
pytestmark = [pytest.mark.e2e, pytest.mark.slow]
REASON = '-the card\'s words: 100% "größer" $(date) `id` ~ ; exit 1'  # as a shell would not leave it


def test_the_same_model_is_another_version_by_a_reason_and_once_only(estate_world: World) -> None:
    def mlops(*argv: str) -> dict[str, Any]:
        return json.loads(estate_world.run("mlops", *argv, "--env", "stage", "--json").stdout)

    first = mlops("train", "--trials", "1")
    assert (first["registered"], first["decision"]["override"]) == (True, None)
    name = first["model"].partition(":")[0]

    second = mlops("train", "--trials", "1", f"--override={REASON}")
    assert (second["registered"], second["model"], second["reused"]) == (True, f"{name}:2", False)
    decision = second["decision"]
    assert (decision["better"], decision["overridden"], decision["override"]) == (False, True, REASON)
    assert second["reason"].startswith("not better") and second["reason"].endswith(f"overridden: {REASON}")
    assert decision["champion"] == decision["challenger"]

    again = mlops("train", "--trials", "1", f"--override={REASON}")
    assert (again["job"], again["reused"], again["model"]) == (second["job"], True, f"{name}:2")

    tags = {each["model"]: each["tags"].get("override") for each in mlops("status")["models"]}
    assert tags == {f"{name}:1": None, f"{name}:2": REASON}
    assert mlops("card")["override"] == REASON
