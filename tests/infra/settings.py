"""The stack files' settings in the form that `infra.config.load` takes, as they are and changed."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from infra.config import Settings, load
from infra.config_errors import ConfigError
from infra.environments import environments
from infra.stack_file import raw_settings as raw_settings_of
from tests.infra.recording import stack_file

STACKS: Final = environments()
"""Each environment that has a stack file."""
GONE: Final = object()
"""In a change: the setting is taken away."""


def raw_settings(stack: str) -> dict[str, Any]:
    """A copy that a test may change."""
    return raw_settings_of(stack_file(stack))


def settings_of(stack: str) -> Settings:
    """What the stack file of an environment says."""
    return load(raw_settings(stack), stack)


def changed(stack: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a stack file, with `changes` by dotted path in place of its own."""
    raw = raw_settings(stack)
    for path, value in changes.items():
        *parents, last = path.split(".")
        holder = raw
        for key in parents:
            holder = holder[key]
        if value is GONE:
            del holder[last]
        else:
            holder[last] = value
    return raw


def refused(stack: str, changes: Mapping[str, Any]) -> list[str]:
    """What `load` says of the changed settings, a line a problem. Fails where it takes them."""
    with pytest.raises(ConfigError) as refusal:
        load(changed(stack, changes), stack)
    return [str(problem) for problem in refusal.value.problems]


def another_environment(name: str) -> dict[str, Any]:
    """The `config` of the stack file of an environment that is not there: stage's, with ranges of its own."""
    config = stack_file("stage")
    config["azure-native:subscriptionId"] = "0a7c1e5d-0000-4000-8000-00000000000d"
    config["mlops-estate:environment"] = name
    network = config["mlops-estate:network"]
    network["addressSpace"] = network["addressSpace"].replace("10.20.", "10.40.")
    network["subnets"] = {key: value.replace("10.20.", "10.40.") for key, value in network["subnets"].items()}
    return config
