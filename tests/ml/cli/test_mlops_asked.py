"""A command that is asked for by its name is imported alone."""

import subprocess
import sys

import pytest

from ml.cli import FOLDER, asked
from ml.terminal.subjects import SUBJECTS, app
from tests.ml.cli.commands import runner


@pytest.mark.parametrize("name", ["deploy", "release"])  # a command, and a group of them
def test_a_command_alone_is_the_same_as_among_all(name: str) -> None:
    alone, among = (runner.invoke(one, [name, "--help"]) for one in (asked([name, "--help"]), app))
    assert (alone.exit_code, alone.output) == (among.exit_code, among.output) == (0, alone.output)


def test_every_command_is_a_file_or_a_folder_of_its_name() -> None:
    named = {name for of in SUBJECTS.values() for name in of}
    assert named == {file.stem for file in FOLDER.iterdir() if file.stem.isalpha()}


@pytest.mark.parametrize("words", [[], ["--help"], ["deplyo"], ["__pycache__"], ["__init__"], ["../deploy"]])
def test_other_words_are_met_by_all_commands(words: list[str]) -> None:
    assert asked(words) is app


def test_a_command_is_imported_alone() -> None:
    program = (
        "import sys\nfrom ml.cli import asked\nasked(['deploy', '--env', 'stage'])\n"
        "print(sorted(one for one in sys.modules if one.startswith('ml.commands.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("['ml.commands.deploy']", "")
