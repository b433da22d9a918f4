"""Hosts that are not emulated but asked for: refused in words, with what to do instead."""

from __future__ import annotations

import json

import pytest

from emulator.app import Emulator
from emulator.http import Request
from emulator.unanswered import HOSTS, find

from .conftest import Client


@pytest.mark.parametrize("pattern", HOSTS)
def test_each_says_what_it_is_and_what_to_do(emulator: Emulator, pattern: str) -> None:
    host = pattern.replace("*", "some.name")
    assert emulator.hosts.handler(host) is None, "it is emulated"
    answer = emulator.answer(Request("GET", host, "/x", "/x"))
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (501, "NotEmulated")
    assert error["message"] == f"Not emulated: {host} ({HOSTS[pattern][0]}); {HOSTS[pattern][1]}."


@pytest.mark.parametrize("host", ["example.org", "azurecr.io.example.org", "xazurecr.io", "", "io"])
def test_no_other_host_is_answered_in_words(host: str) -> None:
    assert find(host) is None


@pytest.mark.parametrize("version", ["2019-05-01", "2022-09-01"])
def test_the_endpoints_of_the_cloud_need_no_token(emulator: Emulator, version: str) -> None:
    asked = Request("GET", "management.azure.com", "/metadata/endpoints", "/metadata/endpoints",
                    {"api-version": version})  # fmt: skip
    answer = emulator.answer(asked)
    [cloud] = json.loads(answer.body)
    assert (answer.status, cloud["name"]) == (200, "AzureCloud")
    assert cloud["authentication"]["loginEndpoint"] == "https://login.microsoftonline.com/"
    assert cloud["suffixes"]["keyVaultDns"] == "vault.azure.net"


def test_an_old_version_of_the_endpoints_and_other_paths(emulator: Emulator, client: Client) -> None:
    asked = Request("GET", "management.azure.com", "/metadata/endpoints/", "/metadata/endpoints/",
                    {"api-version": "2015-01-01"})  # fmt: skip
    assert json.loads(emulator.answer(asked).body)["galleryEndpoint"] == "https://gallery.azure.com/"
    for method, path in (("POST", "/metadata/endpoints"), ("GET", "/metadata"), ("GET", "/tenants")):
        assert emulator.answer(Request(method, "management.azure.com", path, path)).status == 401
    assert client("GET", "/metadata/endpoints").status == 200  # a token does not hurt
