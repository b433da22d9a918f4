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
