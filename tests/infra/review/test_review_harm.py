"""The review of a change: what can hurt."""

import dataclasses
from datetime import date
from typing import Any

import pytest

from infra.graph.model import PACKAGE, Graph
from infra.review.review import Review, review
from policies.evaluate import Results, evaluate
from tests.infra.reviewed import ACCOUNT, TODAY, made, of, texts

GROUP = PACKAGE + "network:NetworkSecurityGroup"


def test_lost_data_says_why_what_goes_with_it_who_uses_it_and_what_holds_it(ten: Review) -> None:
    (text,) = texts(ten, "data")
    for words in (
        "`storage` (StorageAccount) **is deleted and made anew**: every blob, file, queue and table is gone.",
        "`accountName` changes from `",
        "`storage-data` with every blob in it",
        "still used by `workspace-datastore`, `workspace`",
        "**Nothing holds it**",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"protect": True}, "Pulumi refuses that as long as the resource is protected"),
        ({"retain_on_delete": True}, "Pulumi forgets it and leaves it in Azure"),
    ],
)
def test_what_holds_data_is_said(before: dict[str, Any], words: str) -> None:
    (text,) = texts(of([made(ACCOUNT, "one", **before)], []), "data")
    assert words in text


def test_a_lock_holds_data() -> None:
    account = made(ACCOUNT, "one")
    lock = made(PACKAGE + "authorization:ManagementLockByScope", "lock", references={"scope": (account.key,)})
    (text,) = texts(of([account, lock], [lock]), "data")
    assert "Azure refuses that as long as its lock stands" in text
    (text,) = texts(of([account, lock], [account]), "protection")
    assert text == "The lock `lock` on `one` is taken away: it can be deleted."


def test_what_goes_with_its_parent_is_said_once() -> None:
    account = made(ACCOUNT, "one", inputs={"accountName": "a"})
    blobs = made(
        PACKAGE + "storage:BlobContainer",
        "blobs",
        inputs={"accountName": "a"},
        references={"accountName": (account.key,)},
    )
    assert len(texts(of([account, blobs], []), "data")) == 1


def test_lost_protection(ten: Review) -> None:
    told = "\n".join(texts(ten, "protection"))
    assert "`vault` (Vault): `properties.enablePurgeProtection` goes off" in told
    assert "`workspace` (Workspace) loses Pulumi's protection" in told
    assert "`diagnostics-vault` (DiagnosticSetting) of `vault` is taken away" in told


def test_open_doors(ten: Review) -> None:
    assert texts(ten, "door") == [
        "`network-inference-nsg`: rule `allow-from-anywhere` lets in **everybody** "
        "`* → 10.20.2.0/24 Tcp 8080`.",
        "`registry` (Registry): `adminUserEnabled` becomes `true`: one password opens it.",
        "`registry` (Registry) lets in the range `198.51.100.0/24`.",
        "`identities-scoring` becomes **Storage Blob Data Contributor** on `storage`.",
    ]


def opened(before: dict[str, Any], after: dict[str, Any], type_: str = ACCOUNT) -> list[str]:
    return texts(of([made(type_, "it", inputs=before)], [made(type_, "it", inputs=after)]), "door")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"publicNetworkAccess": "Disabled"}, {"publicNetworkAccess": "Enabled"}, "public endpoint answers"),
        ({"a": {"defaultAction": "Deny"}}, {"a": {"defaultAction": "Allow"}}, "lets everybody through"),
        ({}, {"publicAccess": "Blob"}, "without signing in"),
        ({"disableLocalAuth": True}, {"disableLocalAuth": False}, "keys open it again"),
        ({"r": {"ipRules": []}}, {"r": {"ipRules": [{"value": "1.2.3.4"}]}}, "lets in the range `1.2.3.4`"),
        ({"authorizedIPRanges": ["a"]}, {"authorizedIPRanges": ["a", "b"]}, "lets in the range `b`"),
        (
            {"virtualNetworkRules": []},
            {"virtualNetworkRules": [{"id": "id of network-training"}]},
            "lets in the subnet `id of network-training`",
        ),
    ],
)
def test_each_door_is_told_once_and_not_when_it_is_shut(
    before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    (text,) = opened(before, after)
    assert words in text
    assert opened(after, before) == []
    assert opened(after, after) == []


def test_a_new_resource_that_is_open_is_a_door() -> None:
    inputs = {
        "publicNetworkAccess": "Enabled",
        "networkRuleSet": {"ipRules": [{"iPAddressOrRange": "1.2.3.4"}]},
    }
    told = texts(of([], [made(ACCOUNT, "new", inputs=inputs)]), "door")
    assert len(told) == 2


RULE = {
    "name": "in",
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "protocol": "Tcp",
    "sourceAddressPrefix": "10.0.0.0/24",
    "destinationAddressPrefix": "10.0.1.0/24",
    "destinationPortRange": "443",
}


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({"description": "because"}, 0),
        ({"priority": 110}, 0),
        ({"sourceAddressPrefix": "*"}, 1),
        ({"destinationPortRange": "*"}, 1),
        ({"protocol": "*"}, 1),
        ({"access": "Deny"}, 0),
        ({"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/24", "10.0.9.0/24"]}, 1),
        ({"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/24"]}, 0),
    ],
)
def test_a_security_rule_is_a_door_when_it_gets_wider(change: dict[str, Any], count: int) -> None:
    assert len(opened({"securityRules": [RULE]}, {"securityRules": [{**RULE, **change}]}, GROUP)) == count


def test_a_rule_that_denied_and_is_gone_or_moves_is_a_door() -> None:
    deny = {**RULE, "access": "Deny"}
    assert "which denied" in opened({"securityRules": [deny]}, {"securityRules": []}, GROUP)[0]
    moved = {**deny, "priority": 4000}
    assert "moves to priority" in opened({"securityRules": [deny]}, {"securityRules": [moved]}, GROUP)[0]


def test_weaker_security_is_what_policies_say_now_and_did_not_say_before(ten: Review) -> None:
    assert texts(ten, "weaker") == [
        "`telemetry-logs` (Workspace): retentionInDays is 14, and has to be at least 30 (policy `logs-kept`)."
    ]
    fewer = of([made(ACCOUNT, "a", inputs={"days": 30})], [made(ACCOUNT, "a", inputs={"days": 20})])
    assert "`days` falls from `30` to `20`" in texts(fewer, "weaker")[0]


def test_every_mutant_that_opens_or_weakens_is_told(stage: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each boolean of the estate turned: something hurts, or it is no matter of security.

    What the policies say of the estate as it is, which all of these start from, is asked once.
    """
    before = evaluate(stage, TODAY)

    def known(graph: Graph, today: date) -> Results:
        return before if graph is stage and today == TODAY else evaluate(graph, today)

    monkeypatch.setattr("infra.review.review.evaluate", known)
    quiet: list[str] = []
    for resource in stage.custom:
        for path, value in resource.inputs.items():
            if isinstance(value, bool):
                inputs = {**resource.inputs, path: not value}
                turned = [
                    dataclasses.replace(r, inputs=inputs) if r is resource else r for r in stage.resources
                ]
                found = review(stage, Graph(turned, stack="stage"), TODAY)
                if not found.findings:
                    quiet.append(path)
    assert set(quiet) - {"isVersioningEnabled"} == {
        "enableDdosProtection",
        "enableVmProtection",
        "skipValidation",
        # Of the gateway and of alerts: what they are for, not who comes in.
        "autoMitigate",
        "checkWorkspaceAlertsStorageConfigured",
        "disableGateway",
        "enableClientCertificate",
        "isBuffered",
        "restore",
        # Of the function app: who comes in is decided by its addresses and by tokens.
        "clientAffinityEnabled",
        "clientCertEnabled",
        "hyperV",
        "isXenon",
        "reserved",
        "scmSiteAlsoStopped",
        "zoneRedundant",
    }
