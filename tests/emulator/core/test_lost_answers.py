"""A create whose answer was lost is not made twice: found again where its name is random, else refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from emulator.app import Emulator
from emulator.home import Home
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS
from emulator.provider.arm_client import Answer, ArmClient, Credentials
from emulator.provider.lifecycle import Lifecycle, Refused

SUBSCRIPTION = next(iter(SUBSCRIPTIONS))
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
ACCOUNT = "azure-native:storage:StorageAccount"
TYPE = "Microsoft.Storage/storageAccounts"
URN = "urn:pulumi:test::program::azure-native:storage:StorageAccount::files"
INPUTS: dict[str, Any] = {
    "resourceGroupName": "rg",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "location": "westeurope",
}
NAMED = {**INPUTS, "accountName": "filesofprogram"}


class Killed(BaseException):
    """The provider dies."""


class Run:
    """One run of the provider; `kill` ends it after the next PUT has been done and before its answer."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.kill = False
        self.lifecycle = Lifecycle(ArmClient(SUBSCRIPTION, Credentials("t", "c", "s"), self._exchange))

    def _exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None, timeout: float
    ) -> Answer:
        parts = urlsplit(url)
        if parts.hostname == "login.microsoftonline.com":
            token, _ = self.emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")
            return Answer(200, {}, {"access_token": token, "expires_in": 3600})
        query, path = dict(parse_qsl(parts.query)), unquote(parts.path)
        sent = {name.lower(): value for name, value in headers.items()}
        answer = self.emulator.answer(
            Request(method, str(parts.hostname), path, parts.path, query, sent, data or b"")
        )
        if method == "PUT" and self.kill:
            raise Killed
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, lower, json.loads(answer.body) if answer.body else {})

    def create(self, inputs: dict[str, Any], old: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        if old is not None:  # as the engine does for a replacement
            self.lifecycle.check(ACCOUNT, "files", old, inputs, urn=URN)
        checked = self.lifecycle.check(ACCOUNT, "files", {}, inputs, urn=URN)
        assert checked.failures == []
        return self.lifecycle.create(ACCOUNT, checked.inputs, urn=URN)[0], checked.inputs


@pytest.fixture
def azure(home: Home) -> Iterator[Emulator]:
    emulator = Emulator(home)
    emulator.arm.put(GROUP, {"location": "westeurope"})
    yield emulator
    emulator.close()


def killed(azure: Emulator, inputs: dict[str, Any]) -> None:
    run = Run(azure)
    run.kill = True
    with pytest.raises(Killed):
        run.create(inputs)


def test_the_next_run_refuses_what_the_program_names_as_azures_provider_does(azure: Emulator) -> None:
    killed(azure, NAMED)
    [lost] = azure.store.by_type(TYPE)
    with pytest.raises(Refused, match=f"cannot create already existing resource '{lost['id']}'.*recover"):
        Run(azure).create(NAMED)
    assert azure.store.by_type(TYPE) == [lost]


def test_the_next_run_adopts_one_of_a_random_name(azure: Emulator) -> None:
    killed(azure, INPUTS)
    [lost] = azure.store.by_type(TYPE)
    resource_id, checked = Run(azure).create(INPUTS)
    assert resource_id == lost["id"]
    assert checked["accountName"] == lost["name"]
    assert len(azure.store.by_type(TYPE)) == 1


def test_another_program_or_other_inputs_do_not_get_it(azure: Emulator) -> None:
    killed(azure, INPUTS)
    first, _ = Run(azure).create({**INPUTS, "tags": {"other": "1"}})
    run = Run(azure)
    checked = run.lifecycle.check(ACCOUNT, "files", {}, INPUTS, urn=f"{URN}2")
    second, _ = run.lifecycle.create(ACCOUNT, checked.inputs, urn=f"{URN}2")
    assert len({first, second}) == 2
    assert len(azure.store.by_type(TYPE)) == 3


def test_a_replacement_is_a_new_resource_although_nothing_differs(azure: Emulator) -> None:
    first, inputs = Run(azure).create(INPUTS)
    second, _ = Run(azure).create(INPUTS, old=inputs)
    assert first != second
    assert len(azure.store.by_type(TYPE)) == 2


def test_a_replacement_whose_answer_was_lost_is_adopted_too(azure: Emulator) -> None:
    first, inputs = Run(azure).create(INPUTS)
    run = Run(azure)
    run.kill = True
    with pytest.raises(Killed):
        run.create(INPUTS, old=inputs)
    again, _ = Run(azure).create(INPUTS, old=inputs)
    assert again != first
    assert len(azure.store.by_type(TYPE)) == 2


def test_what_was_deleted_is_made_anew(azure: Emulator) -> None:
    first, _ = Run(azure).create(INPUTS)
    Run(azure).lifecycle.delete(ACCOUNT, first)
    second, _ = Run(azure).create(INPUTS)
    assert second != first
    assert azure.store.documents("creation-of").keys() == {second.lower()}


def test_a_token_with_an_api_version_is_refused_in_words(azure: Emulator) -> None:
    with pytest.raises(
        Refused, match=r"names the API version 20240101.*Use azure-native:storage:StorageAccount"
    ):
        Run(azure).lifecycle.kind("azure-native:storage/v20240101:StorageAccount")
