"""The stack files' settings in the form that `infra.config.load` takes, and a stack file more."""

from typing import Any, Final

from infra.config import Settings, load
from infra.environments import environments
from infra.stack_file import raw_settings as raw_settings_of
from tests.infra.recording import stack_file

STACKS: Final = environments()
"""Each environment that has a stack file."""


def raw_settings(stack: str) -> dict[str, Any]:
    """A copy that a test may change."""
    return raw_settings_of(stack_file(stack))


def settings_of(stack: str) -> Settings:
    """What the stack file of an environment says."""
    return load(raw_settings(stack), stack)


def another_environment(name: str) -> dict[str, Any]:
    """The `config` of the stack file of an environment that is not there: stage's, with ranges of its own."""
    config = stack_file("stage")
    config["azure-native:subscriptionId"] = "0a7c1e5d-0000-4000-8000-00000000000d"
    config["mlops-estate:environment"] = name
    network = config["mlops-estate:network"]
    network["addressSpace"] = network["addressSpace"].replace("10.20.", "10.40.")
    network["subnets"] = {key: value.replace("10.20.", "10.40.") for key, value in network["subnets"].items()}
    return config
