"""The help of each command of the emulator: whole sentences, and a word on each option."""

from __future__ import annotations

import argparse

from emulator import cli


def commands() -> dict[str, argparse.ArgumentParser]:
    parser = cli._parser()
    [found] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(found.choices)


def test_each_command_says_in_a_sentence_what_it_does() -> None:
    for name, command in commands().items():
        text = command.description or ""
        assert text[:1].isupper() and text.endswith("."), f"{name}: {text!r}"


def test_each_option_is_explained() -> None:
    silent = [
        f"{name} {action.dest}"
        for name, command in commands().items()
        for action in command._actions
        if not action.help
    ]
    assert silent == []
