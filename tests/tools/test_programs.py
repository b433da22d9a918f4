"""The runner of other programs: what their output says, and which values their settings get."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.programs import settings, verdict
from tools.programs.life import Result
from tools.programs.page import text


@pytest.mark.parametrize(
    ("said", "expected", "reason"),
    [
        (
            "error: no resource plugin 'pulumi-resource-random' found in the workspace at version v4.21.4 or"
            " on your $PATH",
            verdict.PLUGIN,
            "resource plugin 'pulumi-resource-random' found in the workspace at version v4.21.4",
        ),
        (
            "ModuleNotFoundError: No module named 'pulumi_azure_native.insights'",
            verdict.OUT_OF_DATE,
            "No module named 'pulumi_azure_native.insights'",
        ),
        (
            "    AttributeError: module 'config' has no attribute 'location'\n",
            verdict.BROKEN,
            "AttributeError: module 'config' has no attribute 'location'",
        ),
        (
            "error: PublicIPAndSkuNotCompatible (400): Public address 'a': sku Standard needs"
            " publicIPAllocationMethod Static, not Dynamic.",
            verdict.OUT_OF_DATE,
            "PublicIPAndSkuNotCompatible (400): Public address 'a': sku Standard needs"
            " publicIPAllocationMethod Static, not Dynamic",
        ),
        ("error: NotEmulated (501): listKeys\nmore", verdict.REFUSED, "NotEmulated (501): listKeys"),
        (
            "error: preview failed\nerror: Conflict (409): x\n    1 errored\n",
            verdict.FAILED,
            "error: Conflict (409): x",
        ),
    ],
)
def test_whose_fault_it_is(said: str, expected: str, reason: str) -> None:
    assert verdict.judge(said) == (expected, reason)


def test_what_a_program_misses_gets_a_value_of_its_kind() -> None:
    said = "error: Missing required configuration variable 'site:sqlPassword'\n" * 2
    assert settings.asked(said) == ["sqlPassword"]
    first, second = settings.value_of("sqlPassword"), settings.value_of("sqlPassword")
    assert first != second and len(first) >= 12
    assert settings.value_of("hub_address_space") == "10.100.0.0/16"
    assert settings.value_of("sshPublicKey").startswith("ssh-")


def test_defaults_of_the_template_are_set(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: one\nruntime: python\ntemplate:\n  config:\n    bastion: {default: true}\n"
        "    azure:location: {default: WestUS}\n    asked: {description: without one}\n"
    )
    found = dict(settings.at_first(tmp_path))
    assert found.keys() == {"azure-native:location", "azure-native:subscriptionId", "bastion"}
    assert found["bastion"] == "true"


def test_the_page_counts_and_escapes() -> None:
    page = text([Result("a", verdict.PASSED), Result("b", verdict.FAILED, "up", "x | y")])
    assert "2 programs: 1 passed, 1 failed." in page
    assert "| b | failed | up: x \\| y |" in page
