"""What is in the image, and what is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from ml.deploy.image import BuildContext
from tests.containers.context import CANARY, ROOT
from tests.containers.group import Container
from tools.containers import packageindex
from tools.containers.engine import Engine

INSTALLED = """
import importlib.metadata, json, sys
normal = lambda name: name.lower().replace("_", "-").replace(".", "-")
print(json.dumps(sorted([normal(d.name), d.version] for d in importlib.metadata.distributions())))
"""
COMPILED = """
import importlib.util, pathlib, sys
sources = [p for root in ("venv/lib", "scoring") for p in pathlib.Path(root).rglob("*.py")]
caches = [pathlib.Path(importlib.util.cache_from_source(str(p))) for p in sources]
missing = [str(p) for p in caches if not p.is_file()]
checked = [str(p) for p in caches if p.is_file() and p.read_bytes()[4:8] != b"\\x01\\0\\0\\0"]
print(len(sources), missing, checked)
"""
FILES = """
import pathlib
files = [p for root in ("model", "scoring") for p in pathlib.Path(root).rglob("*") if p.is_file()]
print(*sorted(str(p) for p in files if p.suffix != ".pyc"))
"""
DESCRIPTION = """
import pathlib
(found,) = pathlib.Path("venv").rglob("scoring_kernel.json")
print(found.read_text())
"""
TOOLS = (
    "cc",
    "gcc",
    "g++",
    "c++",
    "clang",
    "ld",
    "as",
    "make",
    "cmake",
    "rustc",
    "cargo",
    "go",
    "pip",
    "pip3",
    "zig",
    "uv",
)
FORBIDDEN = re.compile(
    r"password|secret|token|api_?key|credential|instrumentationkey|BEGIN [A-Z ]*PRIVATE", re.I
)


def test_is_not_root_and_holds_no_rights(serving: Container) -> None:
    assert serving.python("import os; print(os.getuid(), os.getgid())") == "10001 10001"
    status = serving.python("print(open('/proc/1/status').read())")
    assert re.search(r"^CapEff:\s*0+$", status, re.MULTILINE), status
    assert re.search(r"^NoNewPrivs:\s*1$", status, re.MULTILINE), status


@pytest.mark.parametrize("path", ["/app/x", "/app/model/x", "/etc/x", "/var/lib/x"])
def test_nothing_can_be_written(serving: Container, path: str) -> None:
    code, said = serving.run("touch", path)
    assert code != 0 and ("Read-only file system" in said or "Permission denied" in said), said


def test_there_is_no_place_for_temporary_files(serving: Container) -> None:
    code, said = serving.run("python", "-c", "import tempfile; print(tempfile.gettempdir())")
    assert code != 0 and "No usable temporary directory found" in said, said


def test_machine_code_evaluates_the_model(serving: Container) -> None:
    ready = serving.endpoint.get("/readyz").json()
    assert ready["evaluator"]["name"] == "machine code", ready


def test_no_compiler_and_no_installer(serving: Container) -> None:
    found = serving.python(f"import shutil; print([t for t in {TOOLS!r} if shutil.which(t)])")
    assert found == "[]"
    for python in ("python", "/usr/local/bin/python"):
        code, said = serving.run(python, "-m", "pip", "--version")
        assert code != 0 and "No module named pip" in said


def locked() -> set[str]:
    """The packages of the lock file that Linux needs: what Windows alone does is there too, with a marker."""
    lines = (ROOT / "environments/requirements/scoring.txt").read_text().splitlines()
    pins = [Requirement(line.removesuffix("\\")) for line in lines if line and line[0] not in " #"]
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    return {pin.name for pin in pins if pin.marker is None or pin.marker.evaluate(linux)}


def test_its_list_of_packages_is_that_of_what_is_installed(serving: Container) -> None:
    listed = json.loads(serving.python("print(open('/app/sbom.json').read())"))
    assert listed["bomFormat"] == "CycloneDX"
    names = sorted(
        [part["name"].lower().replace("_", "-").replace(".", "-"), part["version"]]
        for part in listed["components"]
    )
    assert names == json.loads(serving.python(INSTALLED))
    assert {name for name, _ in names} == {"scoring-kernel", *locked()}
    (kernel,) = [part for part in listed["components"] if part["name"] == "scoring-kernel"]
    described = json.loads(serving.python(DESCRIPTION))
    assert described["compiler"].startswith("zig ")
    level = described["level"].replace("-", ".")
    assert kernel["version"] == f"1+{level}.sha256.{described['sha256'][:12]}"


def test_byte_code_is_complete_and_never_checked(serving: Container) -> None:
    count, rest = serving.python(COMPILED).split(" ", 1)
    assert int(count) > 1000 and rest == "[] []"


def test_holds_the_context_and_no_more(serving: Container, context: tuple[BuildContext, Path]) -> None:
    there = serving.python(FILES).split()
    expected = sorted(name for name in context[0].files if name.startswith(("model/", "scoring/")))
    assert there == expected
    assert serving.python("import os; print(*sorted(os.listdir('.')))").split() == [
        "model",
        "sbom.json",
        "scoring",
        "venv",
    ]


def test_its_configuration(engine: Engine, image: str) -> None:
    config = json.loads(engine("image", "inspect", image))[0]["Config"]
    assert config["User"] == "10001:10001" and config["WorkingDir"] == "/app"
    assert config["Cmd"] == ["python", "-m", "scoring"] and list(config["ExposedPorts"]) == ["8080/tcp"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == "scoring"
    assert labels["org.opencontainers.image.base.name"].startswith("docker.io/library/python:")


def test_configuration_and_history_tell_no_secret(engine: Engine, image: str) -> None:
    said = engine("image", "inspect", image) + engine("history", "--no-trunc", "--format", "json", image)
    assert not FORBIDDEN.findall(said)


def test_nothing_of_the_machines_package_index_stays(engine: Engine, image: str, tmp_path: Path) -> None:
    """What pip was told while the image was built is in no layer, and not in its configuration.

    That the layers can be read shows the list of packages, which stands in one of them.
    """
    archive = tmp_path / "image.tar"
    engine("save", "--output", str(archive), image)
    wanted = [value.encode() for value in CANARY.values()]
    readable = False
    with archive.open("rb") as file:
        before = b""
        while block := file.read(1 << 22):
            assert not [value for value in wanted if value in before + block]
            readable = readable or b'"CycloneDX"' in before + block
            before = block[-100:]
    assert readable
    assert packageindex.MOUNT not in engine("image", "inspect", image)
