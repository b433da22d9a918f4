"""Each alert has a page for whoever is told of it: three parts, and only commands that there are."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from typing import Final

import pytest
import typer.main
from typer._click.exceptions import UsageError  # pyright: ignore[reportPrivateUsage]  # named nowhere else
from typer.core import TyperGroup

from infra import alerts
from infra.environments import ROOT
from ml.terminal.subjects import app

FOLDER: Final = (ROOT / alerts.runbook("README")).parent
KEYS: Final = [*(one.key for one in alerts.QUERIES), *(one.key for one in alerts.METRICS), "budget"]
PAGES: Final = [*KEYS, "README"]
# Only one test asks for those that are missing; it names them.
WRITTEN: Final = [key for key in PAGES if (FOLDER / f"{key}.md").is_file()]
PARTS: Final = ["What it means", "First look", "Quieten it honestly"]
AZ: Final = {
    # as `az COMMAND --help` of azure-cli 2.91.0 lists them (2026-11)
    "aks nodepool list": {"--resource-group", "--cluster-name"},
    "consumption budget list": {"--resource-group"},
    "consumption usage list": {"--start-date", "--end-date"},
    "monitor activity-log list": {"--resource-group", "--offset"},
    "monitor log-analytics workspace show": {"--resource-group", "--workspace-name", "--query"},
    "monitor metrics list": {"--resource", "--metrics", "--dimension", "--aggregation"},
    "postgres flexible-server show": {"--resource-group", "--name", "--query"},
    "storage account show": {"--name", "--query"},
    "vmss get-instance-view": {"--resource-group", "--name", "--instance-id"},
    "vmss reimage": {"--resource-group", "--name", "--instance-ids"},
    "vmss restart": {"--resource-group", "--name", "--instance-ids"},
}
KUBECTL: Final = {"get", "top", "logs", "delete"}
TOOLS: Final = ("mlops ", "az ", "kubectl ", "python -m ", "pulumi ")


def text(key: str) -> str:
    return (FOLDER / f"{key}.md").read_text()


def commands(page: str) -> Iterator[str]:
    """Those of its blocks, and those in a line of text."""
    for block in re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        yield from (line for line in block.splitlines() if line.strip())
    words = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    for said in re.findall(r"`([^`]+)`", words):
        if said.startswith(TOOLS):
            yield " ".join(said.split())


def runbook_queries() -> list[tuple[str, str]]:
    """Those of the pages, each named by its page."""
    return [
        (f"{key}, {number}", query)
        for key in WRITTEN
        for number, query in enumerate(
            re.findall(r"^```kusto\n(.*?)\n```", text(key), re.DOTALL | re.MULTILINE), 1
        )
    ]


def wrong(command: str) -> str:
    """What is wrong with a command; "" when there is such a one."""
    tool, *words = shlex.split(command, comments=True)
    match tool:
        case "mlops":
            return wrong_of_ours(words)
        case "az":
            name = " ".join(word for word in words[: _options(words)])
            given = {word for word in words if word.startswith("--")}
            return "" if name in AZ and given <= AZ[name] else "az has no such command or option here"
        case "kubectl":
            return "" if words[0] in KUBECTL else "no verb of kubectl that is expected here"
        case "python":
            found = words[0] == "-m" and importlib.util.find_spec(words[1]) is not None
            return "" if found else "no such module"
        case "pulumi":
            return "" if words[0] == "up" else "no command of Pulumi that is expected here"
        case _:
            return "an unknown tool"


def _options(words: list[str]) -> int:
    """Where the options begin."""
    return next((place for place, word in enumerate(words) if word.startswith("-")), len(words))


def wrong_of_ours(words: list[str]) -> str:
    """As `mlops` itself reads its arguments; a command that is only named has none."""
    command, path = typer.main.get_command(app), "mlops"
    while isinstance(command, TyperGroup):
        if not words or words[0] not in command.commands:
            return f"{path} has no command {words[:1]}"
        path = f"{path} {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    if not words:
        return ""
    try:
        command.make_context(path, words)
    except UsageError as error:
        return error.format_message()
    return ""


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    pages = {path.stem for path in FOLDER.glob("*.md")}
    linked = re.findall(r"\]\(([\w-]+)\.md\)", text("README"))
    assert len(linked) == len(set(linked))
    wrong = [
        *(f"{alerts.runbook(key)} is not there: write what to do" for key in PAGES if key not in pages),
        *(f"{alerts.runbook(key)} is of no alert" for key in sorted(pages - set(PAGES))),
        *(f"{alerts.runbook('README')} has no link to {key}.md" for key in KEYS if key not in linked),
        *(f"{alerts.runbook('README')} links to {key}.md" for key in linked if key not in KEYS),
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_each_rule_names_its_page(stack: str) -> None:
    graph = json.loads((ROOT / f"tests/infra/golden/{stack}.json").read_text())
    said = [
        one["inputs"]["description"].rpartition(" ")[2]
        for one in graph["resources"]
        if one["type"].endswith((":ScheduledQueryRule", ":MetricAlert"))
    ]
    assert len(said) > len([one for one in alerts.QUERIES if one.part is None])
    assert set(said) <= {alerts.runbook(key) for key in KEYS}
    assert all((ROOT / page).is_file() for page in said)


@pytest.mark.parametrize("key", [key for key in WRITTEN if key != "README"])
def test_a_page_has_its_three_parts(key: str) -> None:
    title, *parts = re.split(r"^## ", text(key), flags=re.MULTILINE)
    assert title.startswith(f"# {key}: ")
    assert [part.partition("\n")[0] for part in parts] == PARTS
    assert all(len(part.partition("\n")[2].split()) >= 10 for part in parts)


@pytest.mark.parametrize("key", WRITTEN)
def test_a_page_names_commands_that_there_are(key: str) -> None:
    said = list(commands(text(key)))
    assert {one: told for one in said if (told := wrong(one))} == {}
    assert said or "```kusto" in text(key)


@pytest.mark.parametrize(
    "command",
    [
        "mlops state --env stage",
        "mlops status --enw stage",
        "mlops status --json",
        "mlops trigger halt --env stage",
        "az monitor metrics list --metric Requests",
        "az vm list",
        "kubectl explode pods",
        "python -m infra.estimates --stack stage",
        "pulumi down",
        "helm list",
    ],
)
def test_a_command_that_there_is_not_is_found(command: str) -> None:
    assert wrong(command)
