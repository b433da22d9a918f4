"""docs/emulator.md is what the code says."""

from __future__ import annotations

from emulator import docs
from emulator.home import REPOSITORY


def test_the_page_is_fresh() -> None:
    assert docs.PAGE.read_text() == docs.page(), "stale: run `make docs`"


def test_every_service_is_on_it_and_says_how_it_differs() -> None:
    found = {service.name: service for service in docs.found()}
    services = {file.parent.name for file in (REPOSITORY / "emulator").glob("*/install.py")}
    assert set(found) == services - {"provider"}  # its install.py puts its plugin into a home
    storage = found["storage"]
    assert "Microsoft.Storage/storageAccounts" in storage.types
    assert "Microsoft.Storage/storageAccounts/listkeys" in storage.actions
    assert "*.blob.core.windows.net" in storage.hosts
    assert storage.differences and storage.tests
