"""Which aliases of the SDK the program leaves out."""

from typing import Any

import pulumi
import pytest

from infra import aliases

NO_RESOURCE: Any = None  # a transformation of options does not look at it


def left(*given: Any) -> list[Any]:
    opts = pulumi.ResourceOptions(aliases=list(given), protect=True)
    args = pulumi.ResourceTransformationArgs(NO_RESOURCE, "azure-native:network:Subnet", "n", {}, opts)
    result = aliases.leave_out(args)
    assert result.opts.protect is True
    assert isinstance(result.opts.aliases, list)
    return result.opts.aliases


@pytest.mark.parametrize("version", ["v20230501", "v20230501preview"])
def test_the_type_of_an_api_version_is_left_out(version: str) -> None:
    assert left(pulumi.Alias(type_=f"azure-native:network/{version}:Subnet")) == []


@pytest.mark.parametrize(
    "alias",
    [
        pulumi.Alias(type_="azure-native:insights:DiagnosticSetting"),
        pulumi.Alias(name="old"),
        pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE),
        pulumi.Alias(type_="mlops:network:Network"),
        "urn:pulumi:stage::mlops-estate::azure-native:network:Subnet::old",
    ],
)
def test_an_earlier_name_of_a_type_and_aliases_of_our_own_stay(alias: Any) -> None:
    assert left(pulumi.Alias(type_="azure-native:network/v20230501:Subnet"), alias) == [alias]
