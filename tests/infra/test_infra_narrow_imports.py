"""The SDK imported narrowly gives the very names that it gives otherwise, with the very types."""

import ast
import json
import subprocess
import sys
import typing
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from infra.environments import ROOT
from infra.narrow_classes import around, in_order
from infra.narrow_imports import NarrowFinder

SHOW = """
import builtins, json, sys, typing
names, more = json.loads(sys.argv[1])
if sys.argv[2] == "narrow":
    import infra
import pulumi, pulumi_azure_native
def where(module, name):
    try:
        found = getattr(getattr(pulumi_azure_native, module), name)
    except AttributeError as error:
        return str(error)
    kind = [getattr(found, "__module__", ""), getattr(found, "__qualname__", found.__name__)]
    return kind + ([hints_of(found)] if isinstance(found, type) else [])
def hints_of(made):
    # As Pulumi looks a property's type up: in the dictionary of the class's module.
    there, more = dict(sys.modules[made.__module__].__dict__), {"T": None, "Output": pulumi.Output}
    getters = {name: one.fget for name, one in vars(made).items() if isinstance(one, builtins.property)}
    return {name: repr(typing.get_type_hints(getter, there, more)) for name, getter in getters.items()}
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
        ("storage", "NetworkRuleSetArgsDict"),
        ("storage", "Nope"),
    ]
    wide, narrow = shown(names, more, "wide"), shown(names, more, "narrow")
    assert narrow["names"] == wide["names"]
    assert "Nope" in narrow["names"]["storage.Nope"]
    assert narrow["files"] < wide["files"] / 3


def test_what_stands_around_the_body_of_a_class() -> None:
    assert around("head\n\n@pulumi.input_type", "One:\n    pass\n") == ("", "pulumi.input_type")
    assert around("class of 'One'\n\n", "Two(str, Enum):\n    A = 1\n") == ("str, Enum,", "")
    for before, text in (("\n@one\n@other", "Two:\n    pass"), ("", "Two(\n    str):\n    pass")):
        with pytest.raises(ImportError, match=r"not written as the SDK's others: Two"):
            around(before, text)


def test_texts_are_those_of_the_classes_in_their_order() -> None:
    assert in_order(["One", "Two"], ["One:\n", "Two(dict):\n"])
    assert not in_order(["One", "Two"], ["Two(dict):\n", "One:\n"])
    assert not in_order(["One", "Two"], ["One:\n"])


SHOP: Final = {
    "__init__": "from ._enums import *\nfrom .item import *\nfrom ._inputs import *\nfrom . import outputs\n",
    "_enums": """from enum import Enum
__all__ = ['Colour', 'Size']
class Colour(Enum):
    RED = "red"
class Size(Enum):
    BIG = "big"
""",
    "_inputs": """from ._enums import *
__all__ = ['BoxArgs', 'BoxArgsDict', 'LidArgs', 'NailArgs']
class BoxArgsDict(dict):
    lid: 'LidArgs'
class BoxArgs:
    lid: 'LidArgs'
class LidArgs:
    colour: 'Colour'
class NailArgs:
    size: 'Size'
""",
    "outputs": """from . import outputs
from ._enums import *
__all__ = ['Box', 'Lid']
class Box:
    lid: 'outputs.Lid'
class Lid:
    colour: 'Colour'
""",
    "item": """from . import outputs
from ._enums import *
from ._inputs import *
__all__ = ['Item']
class Item:
    given: 'BoxArgs'
    made: 'outputs.Box'
    def __init__(self, given: 'BoxArgs | BoxArgsDict') -> None: ...
""",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small SDK of one module: the folder of the module, imported narrowly until the test ends."""
    folder = tmp_path / "sample_sdk" / "shop"
    folder.mkdir(parents=True)
    (tmp_path / "sample_sdk" / "__init__.py").touch()
    for name, text in SHOP.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [NarrowFinder("sample_sdk"), *sys.meta_path])
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "sample_sdk"]:
        del sys.modules[name]


def made(file: str) -> set[str]:
    """The classes of one of its files that there are."""
    there = vars(import_module(f"sample_sdk.shop.{file}"))
    return {
        name for name, value in there.items() if isinstance(value, type) and value.__module__.endswith(file)
    }


def test_of_a_resource_the_classes_are_made_that_it_names_and_no_others(shop: Path) -> None:
    item = import_module("sample_sdk.shop").Item
    assert made("_inputs") == {"BoxArgs", "LidArgs"} and made("_enums") == {"Colour"}
    assert made("outputs") == set()
    hints = typing.get_type_hints(item)
    inputs, outputs = import_module("sample_sdk.shop._inputs"), import_module("sample_sdk.shop.outputs")
    assert hints == {"given": inputs.BoxArgs, "made": outputs.Box} and made("outputs") == {"Box"}
    assert typing.get_type_hints(inputs.LidArgs)["colour"] is typing.get_type_hints(outputs.Lid)["colour"]


def test_a_class_is_made_once_when_it_is_asked_for(shop: Path) -> None:
    module = import_module("sample_sdk.shop")
    assert module.NailArgs is module.NailArgs is import_module("sample_sdk.shop._inputs").NailArgs
    assert module.BoxArgsDict.__name__ == "BoxArgsDict"
    with pytest.raises(AttributeError, match=r"module 'sample_sdk\.shop\.outputs' has no attribute 'Lit'"):
        _ = module.outputs.Lit


def test_a_name_that_no_file_has_brings_all_of_them(shop: Path) -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        _ = import_module("sample_sdk.shop").Nothing
    assert made("_inputs") == {"BoxArgs", "BoxArgsDict", "LidArgs", "NailArgs"}
    assert made("_enums") == {"Colour", "Size"} and made("outputs") == {"Box", "Lid"}


def test_a_file_whose_classes_are_not_those_that_it_lists_is_loaded_whole(shop: Path) -> None:
    file = shop / "_inputs.py"
    file.write_text(file.read_text().replace(", 'NailArgs'", ""))
    module = import_module("sample_sdk.shop._inputs")
    assert module.__all__ == ["BoxArgs", "BoxArgsDict", "LidArgs"]
    assert made("_inputs") == {"BoxArgs", "BoxArgsDict", "LidArgs", "NailArgs"}
    assert typing.get_type_hints(module.LidArgs)["colour"].RED.value == "red"
