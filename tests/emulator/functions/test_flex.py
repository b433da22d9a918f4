"""What Flex Consumption refuses of an app, in Azure's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.core.conftest import GROUP, LOCATION, Client, client, emulator, home

__all__ = ["client", "emulator", "home"]

PLANS = f"{GROUP}/providers/Microsoft.Web/serverfarms"
SITES = f"{GROUP}/providers/Microsoft.Web/sites"


def made(client: Client, name: str = "one", plan: str = "asp", size: str = "FC1", **properties: Any) -> Any:
    client.group()
    sku = {"name": size}
    body = {"location": LOCATION, "kind": "functionapp", "sku": sku, "properties": {"reserved": True}}
    client.ok("PUT", f"{PLANS}/{plan}", body)
    told = {"functionAppConfig": {"runtime": {"name": "python", "version": "3.11"}}, **properties}
    site = {"serverFarmId": f"{PLANS}/{plan}", **{k: v for k, v in told.items() if v is not None}}
    body = {"location": LOCATION, "kind": "functionapp,linux", "properties": site}
    return client("PUT", f"{SITES}/{name}", body)


ONE = (
    "The following site configuration property (Site.SiteConfig.NetFrameworkVersion) for Flex Consumption "
    "sites is invalid.  Please remove or rename it before retrying."
)
TWO = (
    "The following list of 2 site configuration properties (Site.SiteConfig.FtpsState, "
    "Site.SiteConfig.LinuxFxVersion) for Flex Consumption sites is invalid.  Please remove or rename them "
    "before retrying."
)
SETTING = (
    "The following app setting (Site.SiteConfig.AppSettings.FUNCTIONS_WORKER_RUNTIME) for Flex Consumption "
    "sites is invalid.  Please remove or rename it before retrying."
)
RUNTIME = {"appSettings": [{"name": "FUNCTIONS_WORKER_RUNTIME", "value": "python"}]}


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"siteConfig": {"netFrameworkVersion": "v4.6"}}, ONE),
        ({"siteConfig": {"ftpsState": "Disabled", "linuxFxVersion": "Python|3.11"}}, TWO),
        ({"siteConfig": RUNTIME}, SETTING),
        ({"functionAppConfig": None}, "The FunctionAppConfig section was not specified in the request"),
        (
            {"functionAppConfig": {"scaleAndConcurrency": {"instanceMemoryMB": 1024}}},
            "instances of 512, 2048, 4096 MB",
        ),
    ],
)
def test_what_the_plan_does_not_take(client: Client, properties: dict[str, Any], words: str) -> None:
    answer = made(client, **properties)
    assert answer.status == 400
    assert words in answer.body.decode()


def test_one_app_a_plan(client: Client) -> None:
    assert made(client).status in (200, 201)
    assert made(client).status in (200, 201)  # itself once more
    answer = made(client, "two")
    assert (answer.status, b"Only one app is allowed per Flex Consumption plan" in answer.body) == (400, True)
    assert made(client, "two", "other").status in (200, 201)


def test_other_plans_take_them(client: Client) -> None:
    answer = made(client, size="B1", functionAppConfig=None, siteConfig={"ftpsState": "Disabled", **RUNTIME})
    assert answer.status in (200, 201)
