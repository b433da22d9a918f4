"""What a step imports before it does anything: on a node each second of it is paid for in every training."""

import json
import subprocess
import sys

import pytest

# Modules that a step starts without, though others need them; each takes from half a second to two.
SPARED = {
    "register": ("azure.ai.ml", "pandas", "scipy", "sklearn"),
    "compare": ("azure.ai.ml", "pandas", "scipy", "sklearn"),
    "evaluate": ("optuna", "pandera", "scipy", "sklearn"),
    "card": ("fairlearn", "onnx", "optuna", "pandera", "scipy", "sklearn"),
    "train": ("azure.ai.ml", "lightgbm", "pandera"),
}
PROGRAM = """
import importlib, json, sys
found = {}
for step in sys.argv[1:]:  # from what imports least on: modules stay
    importlib.import_module(f"ml.steps.{step}.main")
    found[step] = sorted(sys.modules)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, set[str]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *SPARED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return {step: set(modules) for step, modules in found.items()}


@pytest.mark.parametrize("step", SPARED)
def test_a_step_starts_without_what_it_needs_later_or_never(imported: dict[str, set[str]], step: str) -> None:
    assert not [name for name in SPARED[step] if name in imported[step]]
