"""Refused functions that a program names are told before it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.foreseen import snake, warnings
from emulator.provider.actions import ACTIONS
from emulator.provider.refused_functions import REFUSED
from tests.emulator.core.sdk_functions import functions, package_directory

SDK = "import pulumi_azure_native as native\nfrom pulumi_azure_native import machinelearningservices as ml\n"


def program(folder: Path, text: str, name: str = "__main__.py") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return folder


@pytest.mark.parametrize(
    "line",
    [
        "keys = ml.list_batch_endpoint_keys(endpoint_name='e')",
        "keys = ml.list_batch_endpoint_keys_output(endpoint_name='e')",
        "keys = native.machinelearningservices.list_batch_endpoint_keys_output('e')",
        "from pulumi_azure_native.machinelearningservices import list_batch_endpoint_keys",
    ],
)
def test_a_refused_function_is_told_with_its_place_and_what_to_do(tmp_path: Path, line: str) -> None:
    assert warnings(program(tmp_path, SDK + line)) == [
        "__main__.py:3 names azure-native:machinelearningservices:listBatchEndpointKeys, which is not "
        "emulated: batch endpoints have no keys; call them with a token for https://ml.azure.com"
    ]


def test_what_is_answered_is_not_told(tmp_path: Path) -> None:
    lines = (f"native.{token.split(':')[0]}.{snake(token.split(':')[1])}()" for token in ACTIONS)
    assert warnings(program(tmp_path, SDK + "\n".join(lines))) == []


def test_only_the_programs_own_files_are_read(tmp_path: Path) -> None:
    line = SDK + "ml.list_batch_endpoint_keys()"
    for folder in ("venv", ".hidden", "node_modules"):
        program(tmp_path, line, f"{folder}/one.py")
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    program(tmp_path, "other.list_batch_endpoint_keys()", "of_another_sdk.py")
    program(tmp_path, SDK + "def (", "broken.py")
    assert warnings(tmp_path) == []
    program(tmp_path, line, "parts/keys.py")
    assert [text.split(":")[0] for text in warnings(tmp_path)] == ["parts/keys.py"]


def test_functions_are_spelled_as_the_sdk_spells_them() -> None:
    for function in functions():
        module, name = function.token.split(":")
        if function.token in REFUSED or function.token in ACTIONS:
            assert (package_directory(module) / f"{snake(name)}.py").exists(), function.token
