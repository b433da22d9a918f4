"""Who sends jobs of its own imports azure-ai-ml, which takes two seconds of computing; who has the published
pipeline train, deploys or promotes does not."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SDK = "azure.ai.ml"
SUBJECTS = ("approval", "commands/release", "deploy", "gateway", "production", "release")
COMMANDS = (
    "approve",
    "card",
    "deploy",
    "key",
    "manifests",
    "promote",
    "publish",
    "rollback",
    "score",
    "train",
)
FILES = (
    *(f"azure/{name}" for name in ("assets", "datastores", "models", "runs")),
    *(f"jobs/{name}" for name in ("data", "environment", "spec", "submission")),
    *(f"published/{name}" for name in ("call", "code", "names", "reason", "start")),
)


def used(source: str) -> list[str]:
    """What of a source leads to the SDK."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith(SDK)]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(SDK):
            found.append(str(node.module))
        elif (
            isinstance(node, ast.Attribute)
            and node.attr == "ml"
            and ast.unparse(node.value).endswith("azure")
        ):
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Constant) and node.value == SDK:
            found.append(SDK)
    return found


def test_what_sends_no_job_uses_the_sdk_nowhere() -> None:
    files = [file for subject in SUBJECTS for file in (ROOT / "ml" / subject).rglob("*.py")]
    files += [ROOT / "ml" / "commands" / f"{name}.py" for name in COMMANDS]
    files += [ROOT / "ml" / f"{name}.py" for name in FILES]
    uses = {str(file.relative_to(ROOT)): used(file.read_text("utf-8")) for file in files}
    assert len(uses) > 50
    assert {file: found for file, found in uses.items() if found} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from azure.ai.ml import MLClient", [SDK]),
        ("import azure.ai.ml.entities as e", ["azure.ai.ml.entities"]),
        ("def f(azure):\n    return azure.ml.jobs", ["azure.ml"]),
        ("self._azure.ml.models", ["self._azure.ml"]),
        ("run(imports=('azure.ai.ml',))", [SDK]),
        ("from ml.azure import models", []),
    ],
)
def test_uses_are_seen(source: str, found: list[str]) -> None:
    assert used(source) == found
