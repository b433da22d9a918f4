"""The review of a change: how it is written down."""

import dataclasses
import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from infra.graph.canonical import dump, load
from infra.graph.model import PACKAGE, Graph, Resource
from infra.review.markdown import code, table
from infra.review.render import marker, render
from infra.review.review import Review, review
from infra.roles import ROLES
from tests.infra.reviewed import ACCOUNT, TODAY, made, of, texts


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


def test_no_secret_gets_into_a_review() -> None:
    before = made(ACCOUNT, "one", inputs={"adminPassword": "hunter2"})
    after = made(ACCOUNT, "one", inputs={"adminPassword": "hunter3", "value": "x;AccountKey=hunter4"})
    base, head = (load(dump(Graph([each], stack="stage"))) for each in (before, after))
    assert "hunter" not in render(review(base, head, TODAY), TODAY)
