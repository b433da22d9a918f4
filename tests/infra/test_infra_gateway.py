"""The gateway: who comes in and how, what its policies name, and whose the pool is."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from infra import gateway
from infra.components.gateway import NO_KEY
from infra.config import load
from infra.config_errors import ConfigError
from infra.outputs import EstateOutputs
from ml.gateway.subscription import MLOPS
from tests.infra.recording import Graph, record, stack_file
from tests.infra.settings import raw_settings
from tools import gateway_openapi

XML = sorted(path.name for path in gateway.FOLDER.glob("*.xml"))


@pytest.fixture(scope="module")
def full() -> Graph:
    """Production with tokens beside keys."""
    config = stack_file("prod")
    config["mlops-estate:gateway"] |= {"audience": "api://scoring"}
    return record("prod", config)


def parsed(content: str) -> ElementTree.Element:
    return ElementTree.fromstring(content)  # noqa: S314 - a file of this repository


def policies(graph: Graph) -> dict[str, ElementTree.Element]:
    """Each policy document and fragment by its name in the program."""
    tokens = ("apimanagement:Policy", "apimanagement:ApiPolicy", "apimanagement:PolicyFragment")
    return {one.name: parsed(one.inputs["value"]) for token in tokens for one in graph.all(token)}


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_the_service(graphs: dict[str, Graph], stack: str) -> None:
    made = graphs[stack].one("apimanagement:ApiManagementService")
    assert made.inputs["sku"] == {"name": "StandardV2", "capacity": 1}
    assert made.inputs["identity"] == {"type": "SystemAssigned"}
    assert made.inputs["virtualNetworkType"] == "External"
    assert made.inputs["virtualNetworkConfiguration"] == {"subnetResourceId": "id of network-gateway"}
    assert made.inputs["developerPortalStatus"] == "Disabled"
    off = made.inputs["customProperties"]
    assert set(off.values()) == {"False"}
    for protocol in ("Protocols.Tls10", "Protocols.Tls11", "Backend.Protocols.Tls10", "Ciphers.TripleDes168"):
        assert f"Microsoft.WindowsAzure.ApiManagement.Gateway.Security.{protocol}" in off
    assert made.create_timeout == "3h"


def test_the_subnet_is_delegated_and_takes_nothing_in(prod: Graph) -> None:
    subnet = prod.one("network:Subnet", "network-gateway").inputs
    assert [one["serviceName"] for one in subnet["delegations"]] == ["Microsoft.Web/serverFarms"]
    group = prod.one("network:NetworkSecurityGroup", "network-gateway-nsg").inputs
    inbound = [rule for rule in group["securityRules"] if rule["direction"] == "Inbound"]
    assert [rule["access"] for rule in inbound] == ["Deny"]


def test_prod_is_private_and_open_for_its_creation_alone(prod: Graph) -> None:
    made = prod.one("apimanagement:ApiManagementService")
    assert made.inputs["publicNetworkAccess"] == "Disabled"
    opened = record("prod", {**stack_file("prod"), "mlops-estate:openGateway": True})
    first = opened.one("apimanagement:ApiManagementService")
    assert first.inputs["publicNetworkAccess"] == "Enabled"
    for graph in (prod, opened):  # the endpoint comes in the first pass: Azure wants it before the second
        endpoint = graph.one("network:PrivateEndpoint", "gateway-endpoint").inputs
        (connection,) = endpoint["privateLinkServiceConnections"]
        assert connection["privateLinkServiceId"] == "id of gateway"
        assert connection["groupIds"] == ["Gateway"]


def test_stage_answers_the_listed_ranges_alone(stage: Graph) -> None:
    assert stage.one("apimanagement:ApiManagementService").inputs["publicNetworkAccess"] == "Enabled"
    (allowed,) = policies(stage)["gateway-callers"].iter("ip-filter")
    assert allowed.get("action") == "allow"
    ranges = [(one.tag, one.attrib or one.text) for one in allowed]
    assert ranges[0] == ("address-range", {"from": "203.0.113.0", "to": "203.0.113.255"})
    # The estate's own runners, which go out by the NAT gateway: `mlops deploy` asks the gateway from there.
    assert ranges[1:] == [("address", "20.1.2.3")]  # as the recorder answers


def test_a_listed_address_stands_alone() -> None:
    made = gateway.fragments(["198.51.100.7"], private=False, tokens=False)
    (allowed,) = parsed(made["callers"]).iter("ip-filter")
    assert [(one.tag, one.text) for one in allowed] == [("address", "198.51.100.7")]


@pytest.mark.parametrize("file", XML)
def test_each_file_is_a_policy_or_a_fragment(file: str) -> None:
    root = parsed(gateway.text(file))
    if root.tag == "policies":
        assert [section.tag for section in root] == ["inbound", "backend", "outbound", "on-error"]
    else:
        assert root.tag == "fragment" and len(root)


@pytest.mark.parametrize("stack", ["stage", "full"])
def test_what_the_policies_name_is_there_before_them(stack: str, stage: Graph, full: Graph) -> None:
    graph = stage if stack == "stage" else full
    values = {one.inputs["displayName"]: one.name for one in graph.all("apimanagement:NamedValue")}
    fragments = {one.inputs["id"]: one for one in graph.all("apimanagement:PolicyFragment")}
    named: set[str] = set()
    for name, policy in policies(graph).items():
        text = ElementTree.tostring(policy, encoding="unicode")
        wanted = set(re.findall(r"\{\{([\w.-]+)\}\}", text))
        named |= wanted
        included = {one.attrib["fragment-id"] for one in policy.iter("include-fragment")}
        assert wanted <= set(values) and included <= set(fragments), name
    assert named == set(values)  # none without a use
    api = graph.one("apimanagement:ApiPolicy")
    assert set(values.values()) | {one.name for one in fragments.values()} <= api.depends_on
    assert all(set(values.values()) <= one.depends_on for one in fragments.values())
    choose = [one for one in policies(graph)[api.name].iter("choose") if one.find("otherwise") is not None]
    named_by_mlops, pool = (one.attrib["backend-id"] for one in choose[0].iter("set-backend-service"))
    assert pool == graph.one("apimanagement:Backend", "scoring-api-pool").inputs["backendId"]
    assert named_by_mlops == '@(context.Request.Headers.GetValueOrDefault("x-revision", ""))'
    assert f'context.Subscription.Id == "{MLOPS}"' in choose[0][0].attrib["condition"]


def test_nobody_calls_without_a_key_or_a_token(stage: Graph, full: Graph) -> None:
    key = policies(stage)["gateway-sign-in"]
    assert key.find(".//when/return-response/set-status[@code='401']") is not None
    token = policies(full)["gateway-sign-in"]
    validated = token.find(".//when/validate-azure-ad-token")
    assert validated is not None and validated.get("tenant-id") == "{{tenant-id}}"
    assert [one.text for one in validated.iter("audience")] == ["{{audience}}"]
    order = [step.get("fragment-id", step.tag) for step in policies(stage)["scoring-api-policy"][0]]
    assert order.index("callers") < order.index("sign-in") < order.index("rate-limit-by-key")
    assert full.one("apimanagement:Api").inputs["subscriptionRequired"] is False  # the policy asks for either
    product = stage.one("apimanagement:Product").inputs
    assert product["subscriptionRequired"] is True and product["approvalRequired"] is True


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_the_services_key_belongs_to_the_release_and_replaces_what_a_caller_sends(
    graphs: dict[str, Graph], stack: str
) -> None:
    graph = graphs[stack]
    (header,) = policies(graph)["gateway-backend-key"]
    assert header.attrib == {"name": "authorization", "exists-action": "override"}
    made = graph.one("apimanagement:NamedValue", "gateway-backend-key")
    assert (made.inputs["displayName"], made.inputs["value"]) == (gateway.BACKEND_KEY, NO_KEY)
    # What the release points at Key Vault stays as it is, an `up` later.
    assert set(made.ignore_changes) == {"value", "secret", "keyVault"}
    assert "gateway-key-vault-secrets-user-on-key-vault" in made.depends_on


def test_errors_are_problem_details_and_name_no_address() -> None:
    root = parsed(gateway.text("service.xml"))
    failed = root.find("on-error")
    assert failed is not None
    body = failed.findtext("set-body") or ""
    assert "LastError.Reason" in body and "LastError.Message" not in body
    (kind,) = [one for one in failed.iter("set-header") if one.get("name") == "content-type"]
    assert kind.findtext("value") == "application/problem+json"


def test_the_pool_belongs_to_the_release(stage: Graph) -> None:
    pool = stage.one("apimanagement:Backend", "scoring-api-pool")
    assert pool.inputs["type"] == "Pool" and pool.ignore_changes == ("pool",)
    (member,) = pool.inputs["pool"]["services"]
    assert member["id"] == "id of scoring-api-unreleased"
    assert stage.one("apimanagement:Backend", "scoring-api-unreleased").inputs["url"].endswith(".invalid")


def test_it_signs_in_and_logs_by_its_identity(prod: Graph) -> None:
    granted = {
        (r.inputs["scope"], r.name)
        for r in prod.all("authorization:RoleAssignment")
        if r.inputs["principalId"] == "principal of gateway"
    }
    assert granted == {
        ("id of vault", "gateway-key-vault-secrets-user-on-key-vault"),
        ("id of telemetry-insights", "gateway-monitoring-metrics-publisher-on-application-insights"),
    }
    logger = prod.one("apimanagement:Logger")
    assert logger.inputs["credentials"]["identityClientId"] == "SystemAssigned"
    assert "gateway-monitoring-metrics-publisher-on-application-insights" in logger.depends_on
    diagnostic = prod.one("apimanagement:Diagnostic").inputs
    assert diagnostic["logClientIp"] is False and diagnostic["httpCorrelationProtocol"] == "W3C"
    assert diagnostic["frontend"]["request"]["body"] == {"bytes": 0}


def test_the_description_is_the_services_own(stage: Graph) -> None:
    assert gateway.text("openapi.json") == gateway_openapi.written(), "make docs"
    described: dict[str, Any] = json.loads(gateway.text("openapi.json"))
    assert set(described["paths"]) == {*gateway_openapi.PATHS}
    assert {"/score", "/predictions/{key}"} <= set(described["paths"])
    api = stage.one("apimanagement:Api").inputs
    assert (api["path"], api["protocols"]) == ("scoring/v1", ["https"])
    assert api["subscriptionRequired"] is True
    assert api["value"] == gateway.text("openapi.json")


def test_the_outputs_name_it(stage: Graph) -> None:
    told = EstateOutputs.model_validate(stage.outputs)
    assert told.gateway and told.gateway.startswith("apim-mlops-stage-")
    assert told.gateway_url == "https://gateway.azure-api.net"  # as the recorder answers
    assert told.gateway_pool == "scoring"


@pytest.mark.parametrize(
    ("stack", "change", "line"),
    [
        (
            "stage",
            {"openGateway": True},
            "openGateway is true: this gateway is public, for the callers of networkAccess",
        ),
        (
            "prod",
            {"gateway": None, "recoverGateway": True},
            "recoverGateway is true: there is no gateway; set the section gateway",
        ),
        (
            "prod",
            {"gateway": {"publisherName": "x", "publisherEmail": "nobody"}},
            'gateway.publisherEmail is "nobody": write an address as mlops@example.com',
        ),
        (
            "prod",
            {"gateway": {"publisherName": "", "publisherEmail": "a@b.example"}},
            'gateway.publisherName is "": write a name of 1 to 100 characters',
        ),
    ],
)
def test_wrong_settings(stack: str, change: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load({**raw_settings(stack), **change}, stack)
    assert line in str(refusal.value)


def test_a_gateway_needs_its_subnet() -> None:
    raw = raw_settings("prod")
    del raw["network"]["subnets"]["gateway"]
    with pytest.raises(ConfigError, match=r"network\.subnets\.gateway is not set: gateway needs a subnet"):
        load(raw, "prod")
