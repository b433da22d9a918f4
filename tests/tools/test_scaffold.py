"""`make scaffold`: a row and a test that says what is left, and words for what cannot become one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.scaffold.__main__ import scaffold
from tools.scaffold.sdk import ScaffoldError, path_of, singular, token_of
from tools.scaffold.write import add_row

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("plural", "one"), [("accounts", "account"), ("registries", "registry"), ("addresses", "address")]
)
def test_words_in_the_singular(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_each_segment_has_the_sdks_parameter() -> None:
    inputs = ["resourceGroupName", "accountName", "creatorName", "location"]
    assert path_of("Microsoft.Maps/accounts/creators", inputs) == (
        "Microsoft.Maps/accounts/{accountName}/creators/{creatorName}"
    )
    with pytest.raises(ScaffoldError, match="no parameter for 'accounts'"):
        path_of("Microsoft.Maps/accounts", ["location"])


def test_a_token_is_found_by_the_types_name() -> None:
    assert token_of("Microsoft.Maps/accounts") == "maps:Account"


@pytest.mark.parametrize(
    ("arm_type", "token", "words"),
    [
        ("accounts", "", "give a type such as"),
        ("Microsoft.Storage/storageAccounts", "", "is emulated already"),
        ("Microsoft.Nowhere/things", "", "no module 'nowhere'"),
        ("Microsoft.Maps/nothings", "", "may be one of maps:Account"),
        ("Microsoft.Maps/accounts", "maps", "TOKEN is 'maps'"),
        ("Microsoft.Maps/accounts/creators", "", "stands in Microsoft.Maps/accounts, which is not emulated"),
    ],
)
def test_what_cannot_become_a_row_is_said(tmp_path: Path, arm_type: str, token: str, words: str) -> None:
    with pytest.raises(ScaffoldError, match=words):
        scaffold(arm_type, token, tmp_path)


@pytest.mark.parametrize("arm_type", ["Microsoft.Maps/accounts", "Microsoft.DataFactory/factories"])
def test_what_it_writes_is_in_style(arm_type: str) -> None:
    for name, content in scaffold(arm_type, "", ROOT).items():
        ruff = [str(Path(sys.executable).parent / "ruff"), "check", "--stdin-filename", str(ROOT / name), "-"]
        done = subprocess.run(ruff, input=content, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_a_table_that_ends_otherwise_is_left_alone() -> None:
    with pytest.raises(ScaffoldError, match="by hand"):
        add_row("ROWS = ()\n", "    Row(…),")


def test_what_it_writes_runs_and_fails_only_for_what_is_left_to_say(tmp_path: Path) -> None:
    made = scaffold("Microsoft.Maps/accounts", "", tmp_path)
    assert sorted(made) == [
        "emulator/maps/__init__.py",
        "emulator/maps/types.py",
        "tests/emulator/core/test_maps_accounts.py",
    ]
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("emulator", "infra", "tests/emulator/core"):  # a checkout to which the new type is added
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("tests", "tests/emulator"):
        for file in (ROOT / name).glob("*.py"):
            shutil.copy(file, tmp_path / name)
    for file in (ROOT / "pyproject.toml", *ROOT.glob("Pulumi*.yaml")):
        shutil.copy(file, tmp_path)
    for name, content in made.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/emulator/core/test_maps_accounts.py",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("F.F "), done.stdout + done.stderr
    assert "emulator/maps/types.py: give this row its name=NameRule" in done.stdout
    assert "each refusal of Azure" in done.stdout
