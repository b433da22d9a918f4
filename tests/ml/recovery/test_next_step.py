"""What `mlops recover` says last can be typed as it stands, for another program than the estate's too."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from ml.commands.recover import render

FOUND = [{"type": "azure-native:resources:ResourceGroup", "name": "group", "id": "/subscriptions/s"}]


def said(clean: bool, program: str | None) -> str:
    answer: dict[str, Any] = {
        "environment": "shared", "program": program, "pending": [], "found": FOUND, "replaced": [],
        "imported": len(FOUND) if clean else 0, "clean": clean,
    }  # fmt: skip
    console = Console(file=io.StringIO(), width=400)
    console.print(render(answer))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_of_another_program_each_command_names_it() -> None:
    assert "`mlops recover --env shared --project infra/bootstrap --yes`" in said(False, "infra/bootstrap")
    taken = said(True, "infra/bootstrap")
    assert "`pulumi preview -C infra/bootstrap -s shared --diff`" in taken
    assert "`pulumi up -C infra/bootstrap -s shared`" in taken


def test_of_the_estate_none_does() -> None:
    assert "`mlops recover --env shared --yes`" in said(False, None)
    taken = said(True, None)
    assert "`pulumi preview -s shared --diff`" in taken and "`pulumi up -s shared`" in taken
