"""`mlops`: the model's life in an estate that infra/ built.

The command that stands first in the command line is imported alone: all the others take a tenth of a second.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ml.terminal import synchronous
from ml.terminal.program import program

if TYPE_CHECKING:
    import typer

FOLDER: Final = Path(__file__).with_name("commands")


def asked(words: list[str]) -> "typer.Typer":
    """The program that these words ask for: of the one command that they begin with, else of all of them."""
    name = words[0] if words else ""
    if not name.isalpha() or not ((FOLDER / f"{name}.py").is_file() or (FOLDER / name).is_dir()):
        return import_module("ml.terminal.subjects").app
    module = import_module(f"ml.commands.{name}")
    return program({"": {name: module if hasattr(module, "COMMANDS") else module.command}})


def main() -> None:
    synchronous.only()
    asked(sys.argv[1:])()


if __name__ == "__main__":
    main()
