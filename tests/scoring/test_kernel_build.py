"""The package of the machine code says what it is, and its builder why it cannot build."""

import importlib.metadata
import json
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scoring.kernel import build, sources
from scoring.kernel.build import LEVELS, BuildError
from scoring.kernel.sources import DESCRIPTION, LIBRARY, SOURCES, source_digest
from scoring.model.machine import MACHINES, NEEDED


def test_the_package_names_level_digest_and_sources() -> None:
    package = importlib.metadata.distribution("scoring-kernel")
    described = json.loads(Path(str(package.locate_file(DESCRIPTION))).read_text())
    assert described["source"] == source_digest()
    level = described["level"].replace("-", ".")
    assert package.version == f"1+{level}.sha256.{described['sha256'][:12]}"
    assert described["sha256"] in package.metadata["Summary"]
    assert {LIBRARY, DESCRIPTION} <= {str(file) for file in package.files or []}


def test_every_source_decides_the_digest(tmp_path: Path) -> None:
    there = {path.name for path in build.FOLDER.iterdir() if path.suffix in (".c", ".h")}
    assert there == set(SOURCES)
    for name in SOURCES:
        shutil.copy(build.FOLDER / name, tmp_path)
    before = source_digest(tmp_path)
    assert before == source_digest()
    for name in SOURCES:
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content + b"\n")
        assert source_digest(tmp_path) != before
        (tmp_path / name).write_bytes(content)


def test_every_level_is_known_to_the_service() -> None:
    assert {machine: level.name for machine, level in LEVELS.items()} == MACHINES
    assert set(MACHINES.values()) == set(NEEDED)


def test_what_cannot_be_built_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(platform, "machine", lambda: "riscv64")
        with pytest.raises(BuildError, match=r"there is no machine code for .* on riscv64"):
            build.wheel(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: None)

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(build, "version", missing)
    with pytest.raises(BuildError, match="no compiler: install the package ziglang"):
        build.wheel(tmp_path)


def test_the_digest_is_the_same_where_the_modules_are_in_a_zip_file(tmp_path: Path) -> None:
    """By a relative path, as which Spark puts the zip file on an executor's path."""
    root = Path(sources.__file__).parents[2]
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        kernel = (f"scoring/kernel/{name}" for name in ("__init__.py", "sources.py", *SOURCES))
        for name in ("scoring/__init__.py", *kernel):
            archive.write(root / name, name)
    program = "import sys; sys.path[:0] = ['./code.zip']\nfrom scoring.kernel import sources\n"
    program += "print(sources.__file__, sources.source_digest())"
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "code.zip" in told[0]
    assert told[1] == source_digest()
