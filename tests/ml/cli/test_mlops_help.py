"""What the help says of each command, and that it loads nothing for it."""

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import typer

from ml import settings
from ml.scheduled.table import ROWS
from ml.settings import Metric
from ml.terminal.subjects import SUBJECTS, app
from tests.ml.cli.commands import COMMANDS, TYPED, runner

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help_json_and_an_environment(command: str):
    said = runner.invoke(app, [command, "--help"], env={"COLUMNS": "120"}).output
    assert "--json" in said and "--env" in said


def test_every_file_of_the_commands_is_a_command():
    files = (Path(settings.__file__).parent / "commands").glob("*.py")
    assert {file.stem for file in files} - {"__init__"} == set(COMMANDS)


@pytest.mark.parametrize("command", TYPED)
def test_the_terminal_alone_breaks_the_lines_of_a_commands_help(command: str):
    """And no word is lost: what stands in brackets would be taken for markup."""
    said = runner.invoke(app, [*command.split(), "--help"], env={"COLUMNS": "1000"}).output
    paragraphs = inspect.cleandoc(TYPED[command].__doc__ or "").split("\n\n")
    assert paragraphs[0]
    for paragraph in paragraphs:
        assert " ".join(paragraph.split()) in [line.strip() for line in said.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_is_explained_in_whole_sentences(command: str):
    made = typer.main.get_command(app).commands[command]  # pyright: ignore[reportAttributeAccessIssue]
    told = {option.name: option.help or "" for option in made.params}
    assert {name for name, text in told.items() if not (text[:1].isupper() and text.endswith("."))} == set()


def test_the_help_of_metric_names_all_of_them():
    told = runner.invoke(app, ["train", "--help"], env={"COLUMNS": "300"}).output
    assert [name for name in get_args(Metric) if name not in told] == []


def test_the_help_of_schedules_names_all_of_them():
    told = runner.invoke(app, ["schedule", "apply", "--help"], env={"COLUMNS": "300"}).output
    assert [row.name for row in ROWS if row.name not in told] == []


def test_the_readme_has_the_commands_by_the_subjects_of_the_help():
    text = (ROOT / "README.md").read_text()
    table = text.partition("| subject | commands | pages |\n")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line and not line.startswith("|---")]
    assert {row[0].lstrip("| "): set(re.findall(r"`([a-z]+)`", row[1])) for row in rows} == {
        subject[0].lower() + subject[1:]: set(commands) for subject, commands in SUBJECTS.items()
    }


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom ml.terminal.subjects import app\n"
        "heavy = {'azure', 'pulumi', 'pandas', 'pyarrow', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
