"""Setting up again, with .venv/bin first on PATH as `make` has it."""

import sys
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[2] / "tools" / "bootstrap"


def test_uv_is_what_the_environments_own_link_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(BOOTSTRAP), *sys.path])
    import environment

    program, link = tmp_path / "real" / "uv", tmp_path / "venv" / "uv"
    for folder in (program.parent, link.parent):
        folder.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    link.symlink_to(program)
    monkeypatch.setenv("PATH", f"{link.parent}:{program.parent}")
    assert environment.uv() == str(program.resolve())


def test_a_build_says_what_matters_and_not_each_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", [str(BOOTSTRAP), *sys.path])
    from gobuild import build

    said = "import sys; sys.stderr.write('go: downloading a v1\\n./main.go:3: undefined: x\\n'); sys.exit(2)"
    assert build([sys.executable, "-c", said], tmp_path, {}) == 2
    assert capsys.readouterr().err == "./main.go:3: undefined: x\n"
