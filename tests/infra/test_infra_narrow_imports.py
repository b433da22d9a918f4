"""The SDK imported narrowly gives the very names that it gives otherwise."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.environments import ROOT

SHOW = """
import json, sys
names, more = json.loads(sys.argv[1])
if sys.argv[2] == "narrow":
    import infra
import pulumi_azure_native
def where(module, name):
    try:
        found = getattr(getattr(pulumi_azure_native, module), name)
    except AttributeError as error:
        return str(error)
    return [getattr(found, "__module__", ""), getattr(found, "__qualname__", found.__name__)]
def all_of(names):
    return {f"{module}.{name}": where(module, name) for module, name in names}
told = all_of(names)
files = sum(m.startswith("pulumi_azure_native.") for m in sys.modules)  # before rare ones are asked for
print(json.dumps({"names": told | all_of(more), "files": files}))
"""


def names_of_the_sdk() -> list[tuple[str, str]]:
    """Each `module.Name` of the SDK that the program reads."""
    found: set[tuple[str, str]] = set()
    for file in sorted(Path(ROOT / "infra").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        modules = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "pulumi_azure_native"
            for alias in node.names
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                continue
            if module := modules.get(node.value.id):
                found.add((module, node.attr))
    return sorted(found)


def shown(names: list[tuple[str, str]], more: list[tuple[str, str]], how: str) -> dict[str, Any]:
    run = [sys.executable, "-c", SHOW, json.dumps([names, more]), how]
    return json.loads(subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def test_each_name_that_the_program_reads_is_the_same_and_little_else_is_imported() -> None:
    names = names_of_the_sdk()
    assert len(names) > 30
    # A resource's getter, a class of an output, a name that no file has, a name that is not there.
    more = [
        ("network", "get_subnet_output"),
        ("network", "outputs"),
        ("storage", "Kind"),
        ("storage", "Nope"),
    ]
    wide, narrow = shown(names, more, "wide"), shown(names, more, "narrow")
    assert narrow["names"] == wide["names"]
    assert "Nope" in narrow["names"]["storage.Nope"]
    assert narrow["files"] < wide["files"] / 3
