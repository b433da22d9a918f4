"""Whatever a stack file says, it is taken or refused by name."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.config import load
from infra.config_errors import ConfigError
from infra.naming import KINDS
from infra.security_rules import security_rules
from tests.infra.settings import STACKS, raw_settings


def paths(raw: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each setting and section."""
    for key, value in raw.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from paths(value, (*above, key))


# Words that settings know, where they belong and where they do not.
words = st.sampled_from(
    [
        "private",
        "none",
        "natGateway",
        "azure",
        "mode",
        "stage",
        "prod",
        "dev",
        "westus",
        "10.20.0.0/23",
        "10.0.0.0/8",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | words, inner, max_size=3)
    ),
    max_leaves=6,
)
PATHS = {stack: list(paths(raw_settings(stack))) for stack in STACKS}


@st.composite
def configurations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A stack and its file's settings, up to four of them replaced, taken away or given a neighbour."""
    stack = draw(st.sampled_from(STACKS))
    raw = raw_settings(stack)
    for path in draw(st.lists(st.sampled_from(PATHS[stack]), min_size=1, max_size=4)):
        holder: Any = raw
        for key in path[:-1]:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if not isinstance(holder, dict):
            continue  # an earlier change took its place away
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                holder[path[-1]] = draw(json_values)
            case "remove":
                holder.pop(path[-1], None)
            case _:
                holder[draw(st.text(max_size=8) | words)] = draw(json_values)
    return draw(st.sampled_from([stack, stack, "dev"])), raw


@settings(max_examples=150)
@given(configurations())
def test_load_gives_settings_or_one_error(given_: tuple[str, dict[str, Any]]) -> None:
    """Whatever a stack file says: Settings that name every resource, or each problem in a line of its own."""
    stack, raw = given_
    try:
        loaded = load(raw, stack)
    except ConfigError as refusal:
        assert refusal.problems
        assert all(str(problem) in str(refusal) for problem in refusal.problems)
        return
    names = loaded.names()
    for kind, rule in KINDS.items():
        assert names.of(kind, "data" if "{qualifier}" in rule.template else "")
    for subnet in loaded.network.plan().subnets:
        assert security_rules(subnet.key, loaded.network.plan(), loaded.azure.location, loaded.callers)


@pytest.mark.parametrize("not_a_map", [None, 5, "text", [1]])
def test_what_is_no_map_of_settings_is_refused(not_a_map: Any) -> None:
    with pytest.raises(ConfigError, match="set a map of settings"):
        load(not_a_map, "stage")


@given(st.sampled_from(sorted(raw_settings("stage"))), json_values)
def test_any_value_anywhere_is_taken_or_refused_by_name(section: str, value: Any) -> None:
    raw = {**raw_settings("stage"), section: value}
    try:
        load(raw, "stage")
    except ConfigError as refusal:
        names = [problem.setting for problem in refusal.problems]
        prefix = "azure-native" if section == "azure" else section
        assert any(name.startswith((prefix, "environment")) for name in names)
