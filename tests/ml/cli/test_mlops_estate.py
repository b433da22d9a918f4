import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ml import estate
from ml.errors import MlopsError


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a `pulumi` on PATH that says and does what it is told."""

    def install(out: str = "", err: str = "", code: int = 0) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "out").write_text(out)
        (folder / "err").write_text(err)
        script = folder / "pulumi"
        script.write_text(f'#!/bin/sh\ncat "{folder}/out"\ncat "{folder}/err" >&2\nexit {code}\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return install


def test_outputs_are_read(pulumi: Any, outputs: dict[str, Any], tmp_path: Path):
    pulumi(out=json.dumps(outputs))
    assert estate.read_estate("stage", tmp_path).workspace == "ws"


def test_no_pulumi_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MlopsError, match="not on PATH"):
        estate.read_estate("stage", tmp_path)


def test_a_missing_stack_is_named(pulumi: Any, tmp_path: Path):
    pulumi(err="error: no stack named 'stge' found\n", code=255)
    with pytest.raises(MlopsError, match="no stack stge") as caught:
        estate.read_estate("stge", tmp_path)
    assert "pulumi stack init stge" in caught.value.remedy


def test_other_failures_show_pulumis_words(pulumi: Any, tmp_path: Path):
    pulumi(err="error: incorrect passphrase\n", code=255)
    with pytest.raises(MlopsError, match="exited with 255") as caught:
        estate.read_estate("stage", tmp_path)
    assert caught.value.details == ["error: incorrect passphrase"]


def test_a_stack_that_is_not_deployed_is_named(pulumi: Any, tmp_path: Path):
    pulumi(out="{}")
    with pytest.raises(MlopsError, match="not deployed"):
        estate.read_estate("stage", tmp_path)


def test_missing_outputs_are_named(outputs: dict[str, Any]):
    del outputs["workspace"]
    outputs["key_vault"] = 7
    with pytest.raises(MlopsError) as caught:
        estate.parse_outputs("stage", outputs)
    assert {line.split(":")[0] for line in caught.value.details} == {"workspace", "key_vault"}


def test_the_outputs_of_another_environment_are_refused(outputs: dict[str, Any]):
    with pytest.raises(MlopsError, match="'stage'"):
        estate.parse_outputs("prod", outputs)
