"""docs/estate.md says what the tables say."""

import re

from infra.config import known_settings
from tests.infra.recording import ROOT
from tools.estate_docs import written

PAGE = (ROOT / "docs/estate.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_tables_are_the_programs() -> None:
    assert written(PAGE) == PAGE, "make docs"


def test_every_setting_is_told() -> None:
    told = set(re.findall(r"`([\w:.-]+)`", " ".join(row[0] for row in rows("Settings"))))
    wanted: set[str] = set()
    for section, names in known_settings().items():
        wanted |= {f"{section}.{name}" if section else name for name in names}
    sections = set(known_settings()) - {""}
    leaves = {
        path
        for path in wanted
        if path not in sections and not path.startswith(("azure.", "network.subnets.", "moreClusters."))
    }
    assert leaves <= told
    assert told - leaves == {
        "azure-native:subscriptionId",
        "azure-native:tenantId",
        "azure-native:location",
        "network.subnets.NAME",
        "moreClusters.NAME",
    }
