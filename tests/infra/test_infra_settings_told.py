"""How Pulumi tells of wrong settings: once, and without a traceback."""

import pulumi
import pytest

from tests.infra.recording import record, stack_file


@pytest.mark.parametrize("value", ["[x", "{x", '{"a"'])
def test_a_text_that_begins_like_json_is_a_text(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    with pytest.raises(SystemExit):
        record("stage", {**stack_file("stage"), "mlops-estate:project": value})
    assert len(said) == 1 and "project is " in said[0] and "use 2 to 8" in said[0]


def test_a_setting_named_like_the_providers_own_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    with pytest.raises(SystemExit):
        record("stage", {**stack_file("stage"), "mlops-estate:azure": {"location": "uksouth"}})
    assert len(said) == 1 and "mlops-estate:azure is " in said[0] and "no such setting" in said[0]


def test_pulumi_tells_it_once_and_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    config = stack_file("stage")
    config["mlops-estate:compute"]["maxNodes"] = 0
    with pytest.raises(SystemExit) as left:
        record("stage", config)
    assert left.value.code == 32  # Pulumi's language host adds no error of its own
    assert len(said) == 1 and "compute.maxNodes is 0: set 1 or more" in said[0]
