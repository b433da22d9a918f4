"""docs/azure.md: its commands stand in an order that works, and its rights are enough."""

import re

from infra.bootstrap.config import Settings
from infra.config import known_settings
from tests.infra.recording import ROOT

PAGE = (ROOT / "docs/azure.md").read_text()


def test_pulumi_is_there_before_it_is_run() -> None:
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
    assert commands.index("make setup") < commands.index("pulumi ")
    assert commands.index("az login") < commands.index("pulumi -C infra/bootstrap up")
    assert commands.index("pulumi -C infra/bootstrap up") < commands.index("azblob://")


def test_every_setting_of_the_bootstrap_is_told() -> None:
    for section, names in known_settings(Settings).items():
        inside = f"{section.replace('environments', 'environments.ENV')}." if section else ""
        for name in names:
            path = f"{inside}{name}"
            assert path in ("azure", "github", "environments") or path.startswith("azure.") or path in PAGE


def test_each_environment_has_its_own_state_and_key() -> None:
    for line in PAGE.splitlines():
        if "azblob://" in line or "azurekeyvault://" in line or "keyvault key create" in line:
            assert "$ENV" in line, line


def test_a_preview_may_open_its_environments_key() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| CI, previews"))
    assert "Key Vault Crypto User" in row and "state-ENV" in row


def test_the_workspace_is_deleted_for_good_before_the_destroy() -> None:
    part = PAGE[PAGE.index("Destroy and come back") :]
    assert part.index("--workspace") < part.index("pulumi destroy")
    assert "forceToPurge" not in PAGE
