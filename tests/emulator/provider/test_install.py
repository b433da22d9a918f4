from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emulator.home import Home
from emulator.provider import install
from emulator.provider.schema_cache import sdk_version

PULUMI = """#!{python}
import os, sys, tarfile
from pathlib import Path
arguments = sys.argv[1:]
with open(os.environ["PULUMI_HOME"] + "/calls", "a") as calls:
    calls.write(" ".join(arguments) + "\\n")
kind, name, version = arguments[2:5]
where = Path(os.environ["PULUMI_HOME"]) / "plugins" / f"{{kind}}-{{name}}-v{{version}}"
if {refuse}:
    sys.exit("error: no room")
with tarfile.open(arguments[arguments.index("--file") + 1]) as archive:
    archive.extractall(where)
"""


def fake_pulumi(folder: Path, refuse: bool = False) -> Path:
    path = folder / "pulumi"
    path.write_text(PULUMI.format(python=sys.executable, refuse=refuse))
    path.chmod(0o755)
    return path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "a home").prepare()


def test_it_is_installed_once_and_again_when_it_would_differ(home: Home, tmp_path: Path) -> None:
    pulumi = fake_pulumi(tmp_path)
    install.ensure(home, pulumi)
    install.ensure(home, pulumi)
    calls = home.pulumi_home / "calls"
    assert len(calls.read_text().splitlines()) == 1
    plugin = home.pulumi_home / "plugins" / f"resource-azure-native-v{sdk_version()}" / install.PROGRAM
    assert os.access(plugin, os.X_OK)
    plugin.write_text("#!/bin/sh\n# of an older checkout\n")
    install.ensure(home, pulumi)
    assert len(calls.read_text().splitlines()) == 2
    assert "emulator.provider" in plugin.read_text()


def test_first_commands_at_the_same_time_install_it_once(home: Home, tmp_path: Path) -> None:
    pulumi = fake_pulumi(tmp_path)
    together = threading.Barrier(4)

    def ensure(_: int) -> None:
        together.wait()
        install.ensure(home, pulumi)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ensure, range(4)))
    assert len((home.pulumi_home / "calls").read_text().splitlines()) == 1


def test_a_refusal_is_told_in_pulumis_words(home: Home, tmp_path: Path) -> None:
    with pytest.raises(install.InstallError, match="no room"):
        install.ensure(home, fake_pulumi(tmp_path, refuse=True))


def test_the_plugin_starts_anywhere_and_ends_with_its_parent(home: Home, tmp_path: Path) -> None:
    install.ensure(home, fake_pulumi(tmp_path))
    plugin = home.pulumi_home / "plugins" / f"resource-azure-native-v{sdk_version()}" / install.PROGRAM
    (tmp_path / "emulator.py").write_text("raise SystemExit('the wrong emulator')")
    parent = subprocess.Popen(
        ["sh", "-c", '"$0" 127.0.0.1:1 & echo $!; wait', str(plugin)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child, port = int(parent.stdout.readline()), int(parent.stdout.readline())
    assert port > 0
    parent.kill()
    parent.wait()
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").exists() and ") Z " in Path(f"/proc/{child}/stat").read_text():
            return  # ended; whoever adopted it has not yet said so
        time.sleep(0.05)
    os.kill(child, 9)
    pytest.fail("the provider outlived the engine")
