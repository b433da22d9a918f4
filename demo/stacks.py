"""What the stack files say of the estates that the demo brings up."""

from __future__ import annotations

from typing import Any, Final

import yaml

from infra.environments import stack_file
from infra.naming import Names
from infra.regions import REGIONS

RUNNERS: Final = "ci-runners"


def config(stack: str) -> dict[str, Any]:
    """The settings of a stack file."""
    return yaml.safe_load(stack_file(stack).read_text())["config"]


def names(stack: str) -> Names:
    """The physical names of an environment's parts."""
    found = config(stack)
    region = REGIONS[found["azure-native:location"]].short
    return Names(found["azure-native:subscriptionId"], found["mlops-estate:project"], stack, region)


def has_a_private_gateway(stack: str) -> bool:
    """Whether Azure makes its gateway only open, and a second `pulumi up` shuts it."""
    found = config(stack)
    private = found["mlops-estate:networkAccess"]["mode"] == "private"
    return private and "mlops-estate:gateway" in found


def runners(stack: str) -> str:
    """Network and subnet of its CI runners, as `emulator run --from` takes them."""
    return f"{names(stack).of('virtual_network')}/{names(stack).of('subnet', RUNNERS)}"


def settings_of(stack: str, section: str, **more: str) -> tuple[str, ...]:
    """A section of a stack file with more in it, as settings of one `pulumi up`.

    All of the section: a path of one setting alone would take the place of the whole.
    """
    values = {**config(stack)[f"mlops-estate:{section}"], **more}
    pairs = (f"mlops-estate:{section}.{name}={value}" for name, value in values.items())
    return ("--config-path", *(word for pair in pairs for word in ("--config", pair)))
