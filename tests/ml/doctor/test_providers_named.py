"""Every resource provider that the program asks for is looked at by the doctor and named in docs/azure.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from infra.arm_ids import FORMS
from ml.doctor.needs import NEEDS

ROOT: Final = Path(__file__).resolve().parents[3]
# Azure registers these in every subscription ("Resource providers for Azure services").
REGISTERED_BY_AZURE: Final = {"Microsoft.Authorization", "Microsoft.Consumption"}
ASKED_FOR: Final = {need.namespace for need in NEEDS}


def test_the_doctor_looks_at_each_provider_of_the_program() -> None:
    made = {found for form in FORMS.values() for found in re.findall(r"Microsoft\.\w+", form)}
    assert made - ASKED_FOR == REGISTERED_BY_AZURE


def test_the_page_registers_each_provider_that_the_doctor_looks_at() -> None:
    page = (ROOT / "docs" / "azure.md").read_text(encoding="utf-8")
    loop = re.search(r"for name in ([\w\s\\]+); do\n  az provider register", page)
    assert loop
    assert {f"Microsoft.{name}" for name in loop[1].replace("\\", " ").split()} == ASKED_FOR
