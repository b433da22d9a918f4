"""The commands of `mlops` and the parts of its groups, and what runs one."""

from types import ModuleType

from typer.testing import CliRunner

from ml.terminal.subjects import SUBJECTS

COMMANDS = {name: each for of in SUBJECTS.values() for name, each in of.items() if callable(each)}
# Those and the parts of groups, as `schedule apply`: what is typed, and the function.
TYPED = COMMANDS | {
    f"{name} {part}": command
    for of in SUBJECTS.values()
    for name, each in of.items()
    if isinstance(each, ModuleType)
    for part, command in each.COMMANDS.items()
}
runner = CliRunner()
