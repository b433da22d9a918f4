"""What a program needs of the repository, read from its source, against what Python does with it."""

import ast
import importlib
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.content import sha256_of_program
from ml.errors import MlopsError
from ml.estate import project_root
from ml.jobs import closure, snapshot
from ml.jobs.closure import files_of
from ml.jobs.pipeline import STEPS

ROOT = Path(__file__).parents[3]


def written(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


PROGRAM = {
    "ml/__init__.py": "",
    "ml/steps/__init__.py": "from ml import about\n",
    "ml/about.py": "import ml.kinds\n",
    "ml/steps/train/__init__.py": "",
    "ml/steps/train/main.py": "import json\nfrom . import search\nfrom ml.steps.page import write\n",
    "ml/steps/train/search.py": "def go():\n    from ml.late import late\n    import_module('ml.by_name')\n",
    "ml/steps/page.py": "STYLE = Path(__file__).parent / 'look' / 'page.css'\ndef write(): ...\n",
    "ml/steps/look/page.css": "",
    "ml/steps/look/other.css": "",
    "ml/kinds.py": "FOLDER = Path(__file__).with_name('kinds')\n",
    "ml/kinds/one.toml": "",
    "ml/kinds/two.toml": "",
    "ml/others/three.toml": "",
    "ml/late.py": "if TYPE_CHECKING:\n    from ml import for_types\nelse:\n    from ml import for_all\n",
    "ml/by_name.py": "",
    "ml/for_all.py": "",
    "ml/for_types.py": "",
    "ml/settings.toml": "",
    "ml/unused.py": "raise SystemExit",
}


def test_modules_packages_and_data_files_are_found_and_nothing_else(tmp_path: Path):
    found = files_of(written(tmp_path, PROGRAM), ("ml.steps.train.main",))
    left = {"ml/for_types.py", "ml/settings.toml", "ml/unused.py"}
    left |= {"ml/steps/look/other.css", "ml/others/three.toml"}
    assert found == sorted(PROGRAM.keys() - left)


def test_an_import_of_what_there_is_not_is_named_with_its_place(tmp_path: Path):
    files = {**PROGRAM, "ml/late.py": "\n\nimport ml.steps.nowhere\n"}
    with pytest.raises(MlopsError, match=r"ml/late\.py, line 3, needs the module ml\.steps\.nowhere"):
        files_of(written(tmp_path, files), ("ml.steps.train.main",))
    with pytest.raises(MlopsError, match=r"the program needs the module ml\.steps\.none\.main"):
        files_of(tmp_path, ("ml.steps.none.main",))


def test_a_module_that_is_no_python_is_named(tmp_path: Path):
    with pytest.raises(MlopsError, match=r"ml/late\.py is not Python: .*line 1"):
        files_of(written(tmp_path, {**PROGRAM, "ml/late.py": "def ("}), ("ml.steps.train.main",))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "import importlib\nimportlib.import_module(name)",
            "line 2, imports .* is computed",
        ),
        ("from importlib import import_module\nimport_module(f'ml.{x}')", "name is computed"),
        ("__import__(name='ml.' + x)", "name is computed"),
        ("import_module()", "name is computed"),
        ("import_module('.b', 'ml.steps')", r"imports '\.b', relative to another package"),
        ("from importlib import import_module as load", "import_module under another name, load"),
        ("import importlib\nfor name in map(importlib.import_module, names): ...", "hands import_module on"),
        ("import importlib.resources", r"uses importlib\.resources"),
        ("from importlib import resources", r"uses importlib\.resources"),
        ("from importlib.resources import files", r"uses importlib\.resources"),
        ("import importlib\nimportlib.resources.files('ml')", r"line 2, uses importlib\.resources"),
        ("def late():\n    import pkgutil", "line 2, uses pkgutil"),
    ],
)
def test_what_only_the_running_program_knows_is_refused_by_name(tmp_path: Path, text: str, what: str):
    root = written(tmp_path, {"ml/__init__.py": "", "ml/a.py": text})
    with pytest.raises(MlopsError, match=rf"ml/a\.py, .*{what}") as caught:
        files_of(root, ("ml.a",))
    assert "by __file__" in caught.value.remedy


def test_what_is_imported_by_its_name_in_a_text_is_found(tmp_path: Path):
    text = (
        "from importlib import import_module, metadata\n"
        "import_module('.b', __package__)\n"
        "import_module(name='..c', package=__package__)\n"
        "import_module('json')\n"
    )
    files = {"ml/q/a.py": text, "ml/q/b.py": "", "ml/c.py": "", "ml/d.py": ""}
    found = files_of(written(tmp_path, files), ("ml.q.a",))
    assert found == ["ml/c.py", "ml/q/a.py", "ml/q/b.py"]


MODULES = ("a", "b", "q.c", "q.d", "q.r.e")


def statement(target: str, importer: str, form: str) -> str:
    """An import of one module of the package `top` in another, as code has it."""
    package, _, name = f"top.{target}".rpartition(".")
    if form == "relative":
        above = "." * len(f"top.{importer}".split("."))  # the importer's own name is no package
        return f"from {above[1:]}{target.rpartition('.')[0]} import {name}"
    body = f"import top.{target}" if form == "whole" else f"from {package} import {name}"
    return f"def late():\n    {body}\nlate()" if form == "late" else body


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(MODULES),
        st.lists(
            st.tuples(st.sampled_from(MODULES), st.sampled_from(("relative", "whole", "part", "late"))),
            max_size=3,
        ),
    )
)
def test_what_is_found_is_what_python_loads(imports: dict[str, list[tuple[str, str]]]):
    files = dict.fromkeys(("top/__init__.py", "top/q/__init__.py", "top/q/r/__init__.py"), "")
    for module in MODULES:
        lines = [statement(target, module, form) for target, form in imports.get(module, [])]
        files[f"top/{module.replace('.', '/')}.py"] = "\n".join(lines)
    with tempfile.TemporaryDirectory() as place:
        root = written(Path(place), files)
        found = files_of(root, ("top.a",), ("top",))
        sys.path.insert(0, place)
        try:
            importlib.import_module("top.a")
            loaded = [name for name in sys.modules if name.partition(".")[0] == "top"]
            paths = sorted(Path(str(sys.modules[name].__file__)).relative_to(root) for name in loaded)
        finally:
            sys.path.remove(place)
            for name in [name for name in sys.modules if name.partition(".")[0] == "top"]:
                del sys.modules[name]
            importlib.invalidate_caches()
    assert found == sorted(path.as_posix() for path in paths)


def test_a_job_is_sent_its_steps_with_components_and_styles_and_no_commands_or_server():
    found = set(snapshot.of_steps(ROOT, STEPS).files)
    assert {f"ml/steps/{step}/{file}" for step in STEPS for file in ("main.py", "component.yml")} <= found
    assert {"ml/__init__.py", "ml/steps/card/card.css", "scoring/model/artifact.py"} <= found
    assert not [
        path for path in found if path.split("/")[1] in ("commands", "jobs", "azure", "http", "telemetry")
    ]
    assert not found & {"ml/cli.py", "ml/settings.toml", "scoring/__main__.py"}


def test_a_sweep_is_sent_the_steps_that_it_has():
    few = snapshot.of_steps(ROOT, ("prepare", "validate", "train")).files
    assert "ml/steps/train/main.py" in few
    assert not any(path.startswith(("ml/steps/card", "ml/steps/register")) for path in few)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ('"""Other words."""\n\n\ndef f(x):  # why\n    return (x +\n        None)\n', True),
        ("def f(x):\n    'other'\n    return x + None", True),
        ("def f(x):\n    return x - None", False),
        ("def f(x):\n    return x + 'None'", False),
        ("def f(x, *, y=1):\n    return x + None", False),
    ],
)
def test_a_program_is_the_same_whatever_its_comments_say(tmp_path: Path, text: str, same: bool):
    written(tmp_path, {"a.py": '"""Words."""\ndef f(x): return x + None', "b.py": text})
    ast.parse(text)
    assert (sha256_of_program(tmp_path / "a.py") == sha256_of_program(tmp_path / "b.py")) is same


def test_a_module_that_is_exempt_is_one_of_the_repository():
    for path, why in closure.EXEMPT.items():
        assert (project_root() / path).is_file(), why
