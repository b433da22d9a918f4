"""Each rule over one resource: green passes, red fails, and so does an input that is left out."""

import copy
from datetime import date, timedelta
from typing import Any

import pytest

from infra.graph.model import PACKAGE, Graph, Resource
from policies.evaluate import GRAPH_RULES, RULES, evaluate, of_resource, violations
from policies.exemptions import EXEMPTIONS, Exemption
from policies.model import MISSING, Rule, read
from tests.infra.golden import GOLDEN
from tests.policies.green import GREEN
from tests.policies.red import CHANGES, MAY_BE_LEFT_OUT, VALUES

TODAY = date(2026, 11, 29)


def resource(token: str, changes: dict[str, Any] | None = None, name: str = "it") -> Resource:
    """The green one of a type, changed."""
    inputs = copy.deepcopy(GREEN[token])
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        holder = inputs
        for key in parents:
            holder = holder.setdefault(key, {})
        if value is MISSING:
            holder.pop(last, None)
        else:
            holder[last] = value
    return Resource(PACKAGE + token, name, "estate", inputs)


def broken(found: Resource) -> set[str]:
    return {violation.rule for violation in of_resource(found)}


def test_ids_are_given_once_and_every_rule_says_why() -> None:
    ids = [rule.id for rule in (*RULES, *GRAPH_RULES)]
    assert len(ids) == len(set(ids))
    assert all(rule.reason for rule in (*RULES, *GRAPH_RULES))
    assert all(
        each.startswith(("CKV_AZURE_", "CKV2_AZURE_", "AZR-")) for rule in RULES for each in rule.stands_for
    )


@pytest.mark.parametrize("token", GREEN)
def test_green(token: str) -> None:
    assert [violation.message for violation in of_resource(resource(token))] == []


def test_every_rule_has_a_red_and_a_green_fixture() -> None:
    assert {rule.id for rule in RULES} == {*VALUES, *CHANGES}
    assert {token for rule in RULES for token in rule.types} - {"*"} == set(GREEN) - {"apimanagement:Logger"}
    assert {rule.id for rule in RULES if rule.path} == set(VALUES)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.path], ids=lambda rule: rule.id)
def test_red_value(rule: Rule) -> None:
    for token in rule.types:
        if rule.id not in MAY_BE_LEFT_OUT:
            assert read(GREEN[token], rule.path) is not MISSING
            assert rule.id in broken(resource(token, {rule.path: MISSING}))
        for value in VALUES[rule.id]:
            assert rule.id in broken(resource(token, {rule.path: value})), value


@pytest.mark.parametrize("rule", CHANGES)
def test_red_change(rule: str) -> None:
    for token, changes in CHANGES[rule]:
        assert rule in broken(resource(token, changes)), changes


def test_what_it_says_names_the_input_the_value_and_what_it_has_to_be() -> None:
    (violation,) = of_resource(resource("storage:StorageAccount", {"allowSharedKeyAccess": True}))
    assert violation.message == "allowSharedKeyAccess is True, and has to be False"
    (violation,) = of_resource(resource("storage:StorageAccount", {"allowSharedKeyAccess": MISSING}))
    assert violation.message == "allowSharedKeyAccess is not set, and has to be False"


def test_a_secret_is_not_repeated() -> None:
    found = list(of_resource(resource("keyvault:Secret", {"properties.secretValue": "hunter2"})))
    assert "hunter2" not in str([violation.message for violation in found])


# exemptions


def of(expires: date, **more: Any) -> Exemption:
    return Exemption(
        **{
            "rule": "storage-no-keys",
            "stack": "stage",
            "resources": "i*",
            "reason": "why",
            "expires": expires,
            **more,
        }
    )


def test_an_exemption_holds_until_its_last_day_and_fails_after_it() -> None:
    graph = Graph([resource("storage:StorageAccount", {"allowSharedKeyAccess": True})], stack="stage")
    last = of(TODAY)
    results = evaluate(graph, TODAY, [last])
    assert [violation.rule for violation, _ in results.exempt] == ["storage-no-keys"]
    over = evaluate(graph, TODAY + timedelta(days=1), [last])
    assert not over.ok
    assert "storage-no-keys" in {violation.rule for violation in over.failed}
    assert [exemption for _, exemption in over.expired] == [last]


@pytest.mark.parametrize("other", [{"stack": "prod"}, {"rule": "storage-tls"}, {"resources": "other"}])
def test_an_exemption_is_for_its_rule_its_stack_and_its_resources(other: dict[str, str]) -> None:
    graph = Graph([resource("storage:StorageAccount", {"allowSharedKeyAccess": True})], stack="stage")
    results = evaluate(graph, TODAY, [of(TODAY, **other)])
    assert "storage-no-keys" in {violation.rule for violation in results.failed}
    assert results.unneeded == (() if other.get("stack") else (of(TODAY, **other),))


def test_an_app_that_is_neither_of_those_which_are_called_from_outside_is_shut() -> None:
    apps = ("retraining-app", "scoring-function-app", "another-app")
    graph = Graph(
        [resource("web:WebApp", {"publicNetworkAccess": "Enabled"}, name) for name in apps], stack="stage"
    )
    results, rule = evaluate(graph, TODAY), "site-public-network"
    assert [one.resource.name for one in results.failed if one.rule == rule] == ["another-app"]
    assert {one.resource.name for one, _ in results.exempt if one.rule == rule} == {*apps[:2]}


def test_exemptions_name_rules_that_exist_and_say_why() -> None:
    ids = {rule.id for rule in (*RULES, *GRAPH_RULES)}
    assert {exemption.rule for exemption in EXEMPTIONS} <= ids
    assert all(len(exemption.reason) > 20 for exemption in EXEMPTIONS)


@pytest.mark.parametrize("stack", GOLDEN)
def test_the_estates_keep_every_rule_or_say_why_not(graphs: dict[str, Graph], stack: str) -> None:
    results = evaluate(graphs[stack], date.today())
    told = [f"{v.rule}: {v.resource.name}: {v.message}" for v in results.failed]
    over = [
        f"{e.rule} for {e.resources} was exempt until {e.expires}: {e.reason}" for _, e in results.expired
    ]
    assert not told, (
        "\n".join([*told, *over]) + "\nMend it, or exempt it with reason and end in policies/exemptions.py"
    )


def test_the_order_of_resources_changes_nothing(prod: Graph) -> None:
    found = [v.key for v in violations(prod)]
    turned = Graph(list(reversed(prod.resources)), stack="prod")
    assert found == [v.key for v in violations(turned)]
