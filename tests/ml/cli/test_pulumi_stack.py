"""Which processes of Pulumi's CLI the container group's stack starts, and what they are asked."""

from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import CommandResult, LocalWorkspaceOptions, ProjectSettings
from pulumi.automation.errors import CommandError, StackNotFoundError
from semver import VersionInfo

from ml.deploy import pulumi_stack
from ml.deploy.pulumi_stack import NamedStack, stack_of


class Cli:
    """The CLI; missing: whether there is no such stack. Other refusals are its own."""

    version = VersionInfo(3, 250, 0)

    def __init__(self, missing: bool = False, refusal: str = "") -> None:
        self.missing, self.refusal = missing, refusal
        self.ran: list[list[str]] = []

    def run(self, args: list[str], cwd: str, env: Any, out: Any = None, err: Any = None) -> CommandResult:
        self.ran.append([word for word in args if not word.startswith("--client=")])
        if args[:2] == ["stack", "init"]:
            self.missing = False
        elif self.missing:
            raise StackNotFoundError(CommandResult("", "no stack named 'stage' found", 1))
        if self.refusal:
            raise CommandError(CommandResult("", self.refusal, 1))
        return CommandResult('{"version": 3, "deployment": {"resources": []}}', "", 0)


def stack(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> NamedStack:
    monkeypatch.setattr(pulumi_stack, "command", lambda: cli)
    options = LocalWorkspaceOptions(work_dir=str(folder), secrets_provider="passphrase")
    return stack_of("stage", ProjectSettings(name="mlops-scoring", runtime="python"), options)


def test_an_up_is_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = Cli()
    made = stack(cli, tmp_path, monkeypatch)
    made.up(program=lambda: None, refresh=True, color="never")
    (up,) = cli.ran
    assert up[:3] == ["up", "--yes", "--skip-preview"]
    assert "--refresh" in up and up[-2:] == ["--stack", "stage"]


def test_a_refresh_prepares_no_program_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CLI would make the virtual environment of its Pulumi.yaml, where there is none, from an index."""
    cli = Cli()
    stack(cli, tmp_path, monkeypatch).refresh(color="never")
    (refresh,) = cli.ran
    assert refresh[refresh.index("--exec-kind") + 1] == "auto.inline"


def test_a_stack_that_there_is_not_is_made_when_its_state_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = Cli(missing=True)
    made = stack(cli, tmp_path, monkeypatch)
    assert made.export_stack().deployment is None
    assert made.export_stack().deployment == {"resources": []}
    assert [one[:2] for one in cli.ran] == [["stack", "export"], ["stack", "init"], ["stack", "export"]]
    assert cli.ran[1] == ["stack", "init", "stage", "--secrets-provider", "passphrase"]


def test_another_refusal_makes_no_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = Cli(refusal="error: the state cannot be read")
    with pytest.raises(CommandError, match="cannot be read"):
        stack(cli, tmp_path, monkeypatch).export_stack()
    assert len(cli.ran) == 1
