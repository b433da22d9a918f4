"""docs/estate.md says what the tables say."""

import re

from infra.addresses import SUBNETS
from infra.config import known_settings, load
from infra.roles import GRANTS
from tests.infra.recording import ROOT
from tests.infra.settings import raw_settings

PAGE = (ROOT / "docs/estate.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_roles() -> None:
    assert [tuple(row) for row in rows("Roles")] == [(g.principal, g.role, g.scope, g.why) for g in GRANTS]


def test_addresses() -> None:
    told = {row[0]: row for row in rows("Addresses")}
    assert set(told) == {kind.key for kind in SUBNETS}
    for column, stack in ((1, "stage"), (2, "prod")):
        for subnet in load(raw_settings(stack), stack).network.plan().subnets:
            row = told[subnet.key]
            assert row[column] == str(subnet.range)
            assert row[3] == f"/{subnet.kind.smallest}"
            assert row[5] == (subnet.kind.delegation or "")
            assert (len(row[4]) == 1) == (subnet.kind.outbound is None)  # a dash


def test_every_setting_is_told() -> None:
    told = set(re.findall(r"`([\w:.-]+)`", " ".join(row[0] for row in rows("Settings"))))
    wanted: set[str] = set()
    for section, names in known_settings().items():
        wanted |= {f"{section}.{name}" if section else name for name in names}
    sections = set(known_settings()) - {""}
    leaves = {
        path
        for path in wanted
        if path not in sections and not path.startswith(("azure.", "network.subnets."))
    }
    assert leaves <= told
    assert told - leaves == {
        "azure-native:subscriptionId",
        "azure-native:tenantId",
        "azure-native:location",
        "network.subnets.NAME",
    }
