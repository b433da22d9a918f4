"""The review of a change: what is matched, what is made anew, what hurts, and how it is written down."""

import dataclasses
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from infra.graph.canonical import dump, load
from infra.graph.model import PACKAGE, Graph, Resource
from infra.review.__main__ import main
from infra.review.compare import ABSENT, compare, differing
from infra.review.markdown import code, table
from infra.review.render import marker, render
from infra.review.replacing import CREATION_ONLY, address_of
from infra.review.review import Review, as_json, review
from infra.roles import ROLES
from policies.evaluate import Results, evaluate
from tests.infra.golden import FOLDER
from tools import review_example as example

TODAY = date(2026, 11, 29)
ACCOUNT = PACKAGE + "storage:StorageAccount"
GROUP = PACKAGE + "network:NetworkSecurityGroup"


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    """The accepted ones: that the program makes them is what other tests hold."""
    return {stack: load((FOLDER / f"{stack}.json").read_text()) for stack in ("stage", "prod")}


@pytest.fixture(scope="module")
def stage(graphs: dict[str, Graph]) -> Graph:
    return graphs["stage"]


def made(type_: str, name: str, within: str = "mlops:Data", parent: str = "data", **more: Any) -> Resource:
    return Resource(type_, name, parent, more.pop("inputs", {}), within=within, **more)


def of(before: list[Resource], after: list[Resource]) -> Review:
    return review(Graph(before, stack="stage"), Graph(after, stack="stage"), TODAY)


def actions(before: list[Resource], after: list[Resource]) -> dict[str, str]:
    return {
        c.resource.name: ("renamed " if c.renamed else "") + c.action
        for c in compare(Graph(before), Graph(after))
        if c.action != "kept" or c.renamed
    }


def texts(found: Review, kind: str) -> list[str]:
    return [each.text for each in found.findings if each.kind == kind]


# what is the same resource


def test_the_same_is_no_change(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        found = review(graph, load(dump(graph)), TODAY)
        assert (found.counts(), found.findings, found.new, found.mended) == ({}, (), (), ())


def test_a_name_without_an_alias_is_another_resource() -> None:
    assert actions([made(ACCOUNT, "old")], [made(ACCOUNT, "new")]) == {"new": "added", "old": "removed"}


def test_an_alias_is_a_new_name() -> None:
    new = made(ACCOUNT, "new", aliases=(f"mlops:Data${ACCOUNT}::old",))
    assert actions([made(ACCOUNT, "old")], [new]) == {"new": "renamed kept"}


def test_another_parent_type_without_an_alias_is_another_resource() -> None:
    moved = made(ACCOUNT, "one", within="mlops:Other")
    assert actions([made(ACCOUNT, "one")], [moved])["one"] == "removed"
    found = compare(Graph([made(ACCOUNT, "one")]), Graph([moved]))
    assert [c.action for c in found] == ["added", "removed"]


def test_children_follow_a_parent_that_has_an_alias() -> None:
    before = [made("mlops:Data", "data", within="", parent=""), made(ACCOUNT, "data-one")]
    after = [
        made("mlops:Lake", "lake", within="", parent="", aliases=("mlops:Data::data",)),
        made(ACCOUNT, "lake-one", within="mlops:Lake", parent="lake"),
    ]
    assert actions(before, after) == {"lake": "renamed kept", "lake-one": "renamed kept"}


def test_a_type_that_moved_within_the_sdk_is_the_same() -> None:
    before = made(PACKAGE + "network:PrivateZone", "zone")
    assert actions([before], [made(PACKAGE + "privatedns:PrivateZone", "zone")]) == {"zone": "renamed kept"}


# what is made anew


@pytest.mark.parametrize(
    ("type_", "path", "action"),
    [
        (ACCOUNT, "accountName", "replaced"),
        (ACCOUNT, "location", "replaced"),
        (ACCOUNT, "isHnsEnabled", "replaced"),
        (ACCOUNT, "accessTier", "changed"),
        (PACKAGE + "machinelearningservices:Workspace", "friendlyName", "changed"),
        (PACKAGE + "machinelearningservices:Datastore", "name", "replaced"),
        (PACKAGE + "authorization:RoleAssignment", "scope", "replaced"),
        (PACKAGE + "authorization:RoleAssignment", "principalId", "replaced"),
        (PACKAGE + "monitor:DiagnosticSetting", "resourceUri", "replaced"),
        (PACKAGE + "unheard:Thing", "thingName", "replaced"),
        (PACKAGE + "unheard:Thing", "displayName", "changed"),
    ],
)
def test_which_inputs_make_a_resource_anew(type_: str, path: str, action: str) -> None:
    before, after = made(type_, "one", inputs={path: "a"}), made(type_, "one", inputs={path: "b"})
    assert actions([before], [after]) == {"one": action}


def test_what_the_program_says_of_an_input_counts() -> None:
    before = made(ACCOUNT, "one", inputs={"sku": {"name": "a"}, "tags": {"a": "1"}})
    changed = {"sku": {"name": "b"}, "tags": {"a": "2"}}
    fixed = made(ACCOUNT, "one", inputs=changed, fixed=("sku.name",))
    assert actions([dataclasses.replace(before, fixed=("sku.name",))], [fixed]) == {"one": "replaced"}
    ignored = made(ACCOUNT, "one", inputs=changed, ignore_changes=("sku", "tags.a"))
    assert actions([dataclasses.replace(before, ignore_changes=("sku", "tags.a"))], [ignored]) == {}


def test_the_sdk_tells_the_address_of_every_type_of_the_estates(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        for resource in graph.custom:
            address = address_of(resource.token)
            assert address, resource.token
            assert address & set(resource.inputs), resource.token


def test_the_table_of_creation_only_inputs_names_types_of_the_sdk() -> None:
    assert [token for token in CREATION_ONLY if token != "*" and address_of(token) is None] == []


leaf = st.sampled_from([0, 1, True, False, "0", None])
inputs = st.dictionaries(st.sampled_from("abc"), leaf | st.lists(leaf, max_size=3), max_size=2)


@given(inputs, inputs)
def test_inputs_differ_where_their_json_does(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Lists of words are sets: Azure hands them back in any order."""

    def text(given_inputs: dict[str, Any]) -> str:
        def order(value: Any) -> Any:
            return sorted(value, key=json.dumps) if isinstance(value, list) else value

        return json.dumps({key: order(value) for key, value in given_inputs.items()}, sort_keys=True)

    found = list(differing(before, after))
    assert bool(found) == (text(before) != text(after))
    assert len(list(differing(after, before))) == len(found)


def test_items_of_a_list_are_compared_by_name() -> None:
    one, two = {"name": "one", "port": 1}, {"name": "two", "port": 2}
    (difference,) = differing({"rules": [one, two]}, {"rules": [two, {**one, "port": 3}]})
    assert (difference.path, difference.before, difference.after) == ("rules[one].port", 1, 3)
    (difference,) = differing({"ranges": ["a", "b"]}, {"ranges": ["b", "a", "c"]})
    assert (difference.before, difference.after) == (ABSENT, "c")


# what hurts


@pytest.fixture(scope="module")
def ten() -> Review:
    prod = load((FOLDER / "prod.json").read_text())
    return review(example.base(), example.head(), TODAY, prod)


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


# how it is written down


def test_the_head_says_it_in_a_line(ten: Review) -> None:
    text = render(ten, TODAY)
    assert text.startswith(
        f"{marker('stage')}\n## `stage`: 2 replaced, 2 removed, 1 added, 5 changed, 1 renamed"
    )
    assert "**9 things can hurt.** **5 policies fail.**" in text
    heads = re.findall(r"^### (.+)$", text, re.M)
    assert heads[0] == "What can hurt"
    assert heads[1:] == [
        "Roles", "Network", "Cost a month", "Policies", "`stage` against `prod`", "All changes", "Picture",
    ]  # fmt: skip


def test_ten_changes_are_read_in_a_minute(ten: Review) -> None:
    """Some 250 words a minute; what is folded and what is drawn does not count."""
    text = re.sub(r"<details>.*?</details>|```mermaid.*?```", "", render(ten, TODAY), flags=re.DOTALL)
    hurts = text.partition("### All changes")[0]
    assert len(re.findall(r"[A-Za-z]{2,}", hurts)) < 400


def test_roles_are_a_matrix(ten: Review) -> None:
    text = render(ten, TODAY).partition("### Roles")[2].partition("###")[0]
    assert "|  | `storage` | `vault` |" in text
    assert "| `identities-scoring` | + Storage Blob Data Contributor |  |" in text
    assert "| `engineers` |  | - Key Vault Secrets Officer |" in text


def engineers(group: str, *scopes: str) -> list[Resource]:
    definition = f"/providers/Microsoft.Authorization/roleDefinitions/{ROLES['AcrPull']}"
    return [
        made(
            PACKAGE + "authorization:RoleAssignment",
            f"engineers-acrpull-on-{scope}",
            inputs={"principalId": group, "roleDefinitionId": definition, "scope": scope},
        )
        for scope in scopes
    ]


def test_another_group_under_the_same_name_is_told_once_and_by_its_id() -> None:
    """Not that the engineers get a role which they have: that somebody else is the engineers now."""
    found = of(engineers("old", "one", "two"), engineers("new", "one", "two"))
    assert texts(found, "door") == ["`new` takes the place of `old` as `engineers`, with **2 roles**."]
    text = render(found, TODAY).partition("### Roles")[2].partition("###")[0]
    assert "| `engineers` `old` | - AcrPull | - AcrPull |" in text
    assert "| `engineers` `new` | + AcrPull | + AcrPull |" in text
    assert texts(of(engineers("old", "one"), engineers("new", "one")), "door") == [
        "`new` takes the place of `old` as `engineers`, with the role **AcrPull** on `one`."
    ]
    assert texts(of([], engineers("new", "one")), "door") == ["`engineers` becomes **AcrPull** on `one`."]


def test_a_role_that_goes_over_to_another_group_and_further_is_a_door_of_its_own() -> None:
    moved = engineers("new", "one", "two")
    moved[0].inputs["scope"] = "everything"
    told = texts(of(engineers("old", "one", "two"), moved), "door")
    assert "`engineers` becomes **AcrPull** on `everything`." in told
    assert "`new` takes the place of `old` as `engineers`, with the role **AcrPull** on `two`." in told


def test_a_cost_that_stays_is_a_line_and_no_table(stage: Graph) -> None:
    text = render(review(stage, stage, TODAY), TODAY).partition("### Cost a month")[2].partition("###")[0]
    assert re.fullmatch(r"USD [\d,.]+, as before\.", text.strip())


def test_against_the_other_stack_what_is_new_stands_first(ten: Review) -> None:
    text = render(ten, TODAY).partition("against `prod`")[2].partition("### All")[0]
    shown, _, rest = text.partition("<details>")
    assert "| `compute` | `properties.properties.vmSize` | `Standard_D8ds_v5` | `Standard_D4ds_v5` |" in shown
    assert "publicNetworkAccess" in rest and "publicNetworkAccess" not in shown


def test_a_change_without_harm_says_so(stage: Graph) -> None:
    tagged = [
        dataclasses.replace(r, inputs={**r.inputs, "tags": {**r.inputs["tags"], "team": "a"}})
        if r.key == "storage:StorageAccount::storage"
        else r
        for r in stage.resources
    ]
    text = render(review(stage, Graph(tagged, stack="stage"), TODAY), TODAY)
    assert "Nothing in it can hurt. Policies hold." in text
    assert "No data, no protection, no door, no security setting." in text
    assert "| ~ | `storage` | StorageAccount | `tags.team`: - → `a` |" in text


def test_it_never_is_longer_than_github_takes() -> None:
    found = of([], [made(ACCOUNT, f"account-{number}-{'x' * 60}") for number in range(40)])
    whole = render(found, TODAY)
    assert "580 rows more, which --json lists" in whole
    assert "of the same kind, which --json lists" in whole
    assert len(whole) > 30_000
    for most, words in ((30_000, "left out: a comment takes no more"), (1_000, "Cut here")):
        text = render(found, TODAY, most)
        assert len(text) <= most + 200
        assert words in text
        assert text.startswith(marker("stage"))


HOSTILE = "a|b`c``d\n# e <img src=x onerror=1> @team [l](http://h) ** \\| "


@given(st.text(min_size=1, max_size=30) | st.just(HOSTILE))
def test_values_never_become_markup(value: str) -> None:
    parser = MarkdownIt("commonmark").enable("table")
    lines = table(("a", "b"), [(code(value), "end")])
    tokens = parser.parse("\n".join(lines))
    cells = [t for t in tokens if t.type == "td_open"]
    assert len(cells) == 2
    inline = [t for t in tokens if t.type == "inline"][2]
    assert [child.type for child in inline.children or []] == ["code_inline"]


def test_hostile_names_stay_within_the_picture_and_the_tables() -> None:
    text = render(of([], [made(ACCOUNT, 'x"]; click n0 "javascript:1"<b>|', inputs={"a": HOSTILE})]), TODAY)
    picture = text.partition("```mermaid")[2]
    assert (
        "javascript:" not in picture.partition("```")[0]
        or '"' not in picture.partition('["')[2].partition("<br/>")[0]
    )
    assert "<b>" not in re.sub(r"`[^`]*`", "", text)
    assert "<img" not in re.sub(r"`+[^\n]*`+", "", text)


# the command


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    base, head = tmp_path / "base.json", tmp_path / "head.json"
    base.write_text(dump(example.base()))
    head.write_text(dump(example.head()))
    return str(base), str(head)


def test_it_exits_with_1_when_a_policy_fails(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*files, "--beside", str(FOLDER / "prod.json")]) == 1
    assert capsys.readouterr().out.startswith(marker("stage"))
    assert main([files[0], files[0]]) == 0


def test_strict_exits_with_1_when_anything_hurts(tmp_path: Path, stage: Graph) -> None:
    head = tmp_path / "head.json"
    changed = [
        dataclasses.replace(r, inputs={**r.inputs, "containerName": "other"})
        if r.kind == "BlobContainer"
        else r
        for r in stage.resources
    ]
    head.write_text(dump(Graph(changed, stack="stage")))
    base = str(FOLDER / "stage.json")
    assert main([base, str(head)]) == 0
    assert main([base, str(head), "--strict"]) == 1


def test_json_says_the_same(files: tuple[str, str], capsys: pytest.CaptureFixture[str], ten: Review) -> None:
    main([*files, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"replaced": 2, "removed": 2, "added": 1, "changed": 5, "renamed": 1}
    assert len(told["hurts"]) == 9
    assert told["hurts"] == as_json(ten)["hurts"]
    assert {change["name"] for change in told["changes"] if change["was"]} == {"identities-trainer"}


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"format": 1}'])
def test_a_file_that_is_no_graph_is_named(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "it.json"
    file.write_text(content)
    assert main([str(file), str(file)]) == 2
    assert str(file) in capsys.readouterr().err


def test_a_file_that_is_not_there_and_another_stack_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere.json", "nowhere.json"]) == 2
    assert "nowhere.json cannot be read" in capsys.readouterr().err
    assert main([str(FOLDER / "stage.json"), str(FOLDER / "prod.json")]) == 2
    assert "give one stack's" in capsys.readouterr().err


def test_no_secret_gets_into_a_review() -> None:
    before = made(ACCOUNT, "one", inputs={"adminPassword": "hunter2"})
    after = made(ACCOUNT, "one", inputs={"adminPassword": "hunter3", "value": "x;AccountKey=hunter4"})
    base, head = (load(dump(Graph([each], stack="stage"))) for each in (before, after))
    assert "hunter" not in render(review(base, head, TODAY), TODAY)
