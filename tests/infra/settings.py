"""The stack files' settings in the form that `infra.config.load` takes."""

from typing import Any

from tests.infra.recording import stack_file


def raw_settings(stack: str) -> dict[str, Any]:
    """A copy that a test may change."""
    config = stack_file(stack)
    raw = {key.partition(":")[2]: value for key, value in config.items() if key.startswith("mlops-estate:")}
    azure = {key.partition(":")[2]: value for key, value in config.items() if key.startswith("azure-native:")}
    return {**raw, "azure": azure}
