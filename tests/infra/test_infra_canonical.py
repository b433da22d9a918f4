"""The canonical form of a graph: what it keeps, what it leaves out, and what it refuses to read."""

import gc
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.graph.__main__ import main
from infra.graph.canonical import GraphError, dump, load
from infra.graph.model import Graph, Resource
from infra.graph.recording import record
from infra.graph.secrets import MARKED, PLAIN, SIGNATURE, plain_secrets
from infra.review.compare import compare
from tests.infra import golden
from tests.infra.golden import GOLDEN, difference

names = st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
resources = st.builds(
    Resource,
    type=st.sampled_from(["azure-native:storage:StorageAccount", "mlops:data:Storage"]),
    name=names,
    parent=names,
    inputs=st.dictionaries(names, trees, max_size=4),
    protect=st.booleans(),
    depends_on=st.frozensets(names, max_size=3),
    ignore_changes=st.lists(names, max_size=2).map(tuple),
    fixed=st.lists(names, max_size=2).map(tuple),
    within=names,
    aliases=st.lists(names, max_size=2).map(tuple),
    references=st.dictionaries(names, st.lists(names, min_size=1, max_size=2).map(tuple), max_size=2),
)


def graph(**inputs: Any) -> Graph:
    return Graph([Resource("azure-native:storage:StorageAccount", "one", "data", inputs)], stack="stage")


@given(st.lists(resources, max_size=4, unique_by=lambda r: (r.type, r.name)), st.randoms())
def test_what_is_written_is_read_again_whatever_the_order(found: list[Resource], random: Any) -> None:
    text = dump(Graph(found, stack="stage"))
    assert dump(load(text)) == text
    mixed = list(found)
    random.shuffle(mixed)
    assert dump(Graph(mixed, stack="stage")) == text


@pytest.mark.parametrize(
    ("inputs", "left"),
    [
        ({"key": {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}}, {"key": MARKED}),
        ({"adminPassword": "hunter2"}, {"adminPassword": PLAIN}),
        ({"properties": {"value": "x;AccountKey=hunter2"}}, {"properties": {"value": PLAIN}}),
        ({"env": [{"name": "API_KEY", "value": "hunter2"}]}, {"env": [{"name": "API_KEY", "value": PLAIN}]}),
        ({"address": "amqp://me:hunter2@host"}, {"address": PLAIN}),
        ({"url": "https://host/a?sig=hunter2"}, {"url": PLAIN}),
    ],
)
def test_secrets_are_left_out(inputs: dict[str, Any], left: dict[str, Any]) -> None:
    text = dump(graph(**inputs))
    assert "hunter2" not in text
    assert load(text).resources[0].inputs == left


@pytest.mark.parametrize(
    "inputs",
    [
        {"keyVault": "id of vault"},
        {"secretName": "callers"},
        {"keySource": "Microsoft.Storage"},
        {"allowSharedKeyAccess": False},
        {"secretIdentifier": "https://vault.vault.azure.net/secrets/callers"},
        {"password": ""},
        {"ports": [{"name": "key-of-metrics", "port": 8080}]},
    ],
)
def test_what_only_names_a_secret_stays(inputs: dict[str, Any]) -> None:
    assert list(plain_secrets(inputs)) == []
    assert load(dump(graph(**inputs))).resources[0].inputs == inputs


def test_a_plain_secret_is_still_known_as_one_in_the_file() -> None:
    (resource,) = load(dump(graph(adminPassword="hunter2"))).resources
    assert list(plain_secrets(resource.inputs)) == [("adminPassword",)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("[]", "no graph of format 1"),
        (json.dumps({"format": 2}), "no graph of format 1"),
        (json.dumps({"format": 1, "stack": "stage"}), "KeyError 'resources'"),
        (json.dumps({"format": 1, "stack": "stage", "resources": [{}]}), "KeyError 'type'"),
        (json.dumps({"format": 1, "stack": "stage", "resources": ["a"]}), "lacks a part of a graph"),
    ],
)
def test_what_is_no_graph_is_refused(text: str, words: str) -> None:
    with pytest.raises(GraphError, match=words.replace("(", r"\(")):
        load(text)


@pytest.mark.parametrize("stack", GOLDEN)
def test_a_golden_file_holds_the_whole_graph(graphs: dict[str, Graph], stack: str) -> None:
    read = load((golden.FOLDER / f"{stack}.json").read_text())
    assert dump(read) == dump(graphs[stack])
    assert {r.identity for r in read.resources} == {r.identity for r in graphs[stack].resources}


def test_a_difference_shows_itself_and_how_it_is_accepted(stage: Graph) -> None:
    assert difference(stage) == ""
    first, *rest = stage.resources
    changed = Graph([Resource(first.type, "another", first.parent, first.inputs), *rest], stack=stage.stack)
    text = difference(changed)
    assert '+   "name": "another"' in text
    assert "`make golden`, read its diff, commit it" in text
    assert "not the accepted one" in difference(Graph([], stack="stage"))


def test_identities_hold_the_types_of_all_parents(stage: Graph) -> None:
    container = stage.one("storage:BlobContainer", "storage-data")
    assert container.identity == (
        "mlops:estate:Estate$mlops:data:Storage$azure-native:storage:BlobContainer::storage-data"
    )
    assert container.references["accountName"] == ("storage:StorageAccount::storage",)


def test_the_command_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in ((["nowhere"], "invalid choice: 'nowhere'"), (["stage", "prod"], "--to FOLDER")):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
        assert words in capsys.readouterr().err


RENAMED = """
import pulumi
from pulumi_azure_native import storage

class Lake(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("mlops:data:Lake", name, None, opts)

lake = Lake("lake", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old", type_="mlops:data:Old")]))
before = [pulumi.Alias(name="two"), pulumi.Alias(name="three", parent=pulumi.ROOT_STACK_RESOURCE)]
storage.StorageAccount(
    "one",
    resource_group_name="rg",
    kind="StorageV2",
    sku=storage.SkuArgs(name="Standard_ZRS"),
    opts=pulumi.ResourceOptions(parent=lake, aliases=before),
)
"""


def test_aliases_are_recorded_as_the_identities_that_they_were(tmp_path: Path) -> None:
    """The program's own; not those that the SDK gives each type for its other API versions."""
    (tmp_path / "__main__.py").write_text(RENAMED)
    found = record("stage", {}, program=tmp_path)
    account, kind = found.one("storage:StorageAccount"), "azure-native:storage:StorageAccount"
    assert account.identity == f"mlops:data:Lake${kind}::one"
    assert {f"mlops:data:Lake${kind}::two", f"{kind}::three"} <= set(account.aliases)
    assert not [each for each in account.aliases if each.endswith("::one") and "Lake$" in each]
    (lake,) = (resource for resource in found.resources if resource.name == "lake")
    assert lake.aliases == ("mlops:data:Old::old",)
    old = Graph([Resource(account.type, "two", "lake", account.inputs, within="mlops:data:Lake")])
    (change,) = (c for c in compare(old, found) if c.resource.name == "one")
    assert (change.action, change.renamed) == ("kept", True)


FAILS = """
import asyncio, pulumi
async def fails():
    raise RuntimeError("it failed")
async def later():
    for _ in range(50):
        await asyncio.sleep(0)
    pulumi.Output.from_input(fails())
asyncio.ensure_future(later())
pulumi.Output.from_input(fails())
"""
HOLDS = """
import asyncio, pulumi
async def longer():
    for _ in range(100):
        await asyncio.sleep(0)
    return "x"
pulumi.export("name", pulumi.Output.from_input(longer()))
"""


def test_a_run_that_failed_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    program = tmp_path / "__main__.py"
    program.write_text(FAILS)
    with pytest.raises(RuntimeError, match="it failed"):
        record("stage", {}, program=tmp_path)
    program.write_text(HOLDS)
    assert record("stage", {}, program=tmp_path).outputs == {"name": "x"}


@pytest.mark.parametrize("before", [True, False])
def test_a_recording_looks_for_garbage_again_as_it_did_before(tmp_path: Path, before: bool) -> None:
    """An estate's program asks Python to look for none, and its process ends with it."""
    (tmp_path / "__main__.py").write_text("from infra import garbage\ngarbage.keep()\n")
    was = gc.isenabled()
    (gc.enable if before else gc.disable)()
    try:
        record("stage", {}, program=tmp_path)
        assert gc.isenabled() is before
    finally:
        (gc.enable if was else gc.disable)()
