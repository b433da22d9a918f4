"""The monthly estimate: dated prices, counted over the graph, an unknown price says so."""

import datetime
import json
from typing import Any

import pytest

from infra import estimate, prices
from infra.review.cost import monthly
from tests.infra.recording import Graph, record, stack_file
from tests.infra.settings import settings_of


def test_each_price_says_where_it_is_from() -> None:
    for key, price in prices.PRICES.items():
        assert price.usd >= 0 and price.what and price.source and price.region, key
        assert datetime.date.fromisoformat(f"{price.date}-01")


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_what_is_counted_is_what_is_made(graphs: dict[str, Graph], stack: str) -> None:
    found = {line.key: line.quantity for line in estimate.lines(graphs[stack])}
    for token, (_, key) in estimate.BY_TYPE.items():
        assert found.get(key, 0) == len(graphs[stack].all(token)), key
    rules = len(graphs[stack].all("monitor:ScheduledQueryRule"))
    assert found["query-rule/5"] + found["query-rule/15"] == rules
    assert found["apim/StandardV2"] == 1
    cluster = settings_of(stack).kubernetes
    assert ("aks/Standard" in found) == bool(cluster)
    if cluster:
        assert found[f"vm/{cluster.user_nodes.vm_size}"] == cluster.user_nodes.min_nodes


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_the_sum_is_that_of_its_lines_and_within_the_budget(graphs: dict[str, Graph], stack: str) -> None:
    found, budget = estimate.estimate(graphs[stack]), settings_of(stack).budget
    assert found.usd == pytest.approx(sum(line.usd or 0 for line in found.lines), abs=0.01)
    assert not found.unknown
    assert budget and found.usd < budget.monthly
    reviewed = monthly(graphs[stack])
    assert reviewed and reviewed.total == pytest.approx(found.usd, abs=0.01) and not reviewed.unknown


def test_an_unknown_price_says_so() -> None:
    config: dict[str, Any] = stack_file("stage")
    config["mlops-estate:compute"]["vmSize"] = "Standard_E96ds_v5"
    config["mlops-estate:registry"]["buildAgents"]["tier"] = "I6"
    graph = record("stage", config)
    found = estimate.estimate(graph)
    assert found.unknown == ("registry-agents/I6", "vm/Standard_E96ds_v5")
    told = estimate.as_text(found)
    assert "The sum lacks what has no price in infra/prices.py: registry-agents/I6" in told
    assert "unknown" in told and json.loads(estimate.as_json(found))["unknown"]
    reviewed = monthly(graph)
    assert reviewed and reviewed.unknown == ("build agents (registry-agents/I6)",)


def test_the_cheap_profile_of_stage_is_a_tenth(stage: Graph) -> None:
    cheap = estimate.of("stage", by_the_cheap_profile=True)
    assert cheap.usd < estimate.estimate(stage).usd / 10
    assert not [line for line in cheap.lines if line.key.startswith(("vm/", "aks/", "apim/", "registry-a"))]


def test_the_command(capsys: pytest.CaptureFixture[str], stage: Graph) -> None:
    assert estimate.main(["--stack", "stage", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["month"] == estimate.estimate(stage).usd
    assert estimate.main(["--stack", "prod", "--cheap"]) == 0
    out = capsys.readouterr().out
    assert "USD a month, standing still" in out and "API Management" not in out
