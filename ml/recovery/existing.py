"""Whether Azure has a resource of an id, in the API version that the provider would read it in."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infra.arm_ids import PREFIX
from infra.narrow_imports import SDK, files_of
from ml.azure.clients import first_lines
from ml.azure.rest import Rest
from ml.errors import MlopsError

VERSION: Final = re.compile(r"Uses Azure REST API version (\d{4}-\d{2}-\d{2}[-a-z0-9]*)")
ABSENT: Final = (404, 410)
HEAD_ONLY: Final = ("azure-native:apimanagement:ProductApi",)
"""Types that Azure has no GET of: it says whether there is one, and no more."""
BUSY: Final = (
    "accepted", "activating", "creating", "deleting", "inprogress", "pending", "provisioning",
    "resolvingdns", "terminating", "updating",
)  # fmt: skip
BROKEN: Final = ("failed", "canceled")


@cache
def api_version(type_: str) -> str:
    """Of a type as `azure-native:network:Subnet`, as the installed SDK documents it. Raises LookupError."""
    module, name = type_.removeprefix(PREFIX).split(":")
    spec = find_spec(SDK)
    for root in (spec.submodule_search_locations if spec else None) or ():
        file = Path(root) / module / f"{files_of(name)[0]}.py"
        if file.is_file() and (found := VERSION.search(file.read_text(encoding="utf-8"))):
            return found[1]
    raise LookupError(f"{SDK} tells no API version of {type_}")


def exists(management: Rest, type_: str, resource_id: str, warn: Callable[[str], None]) -> bool:
    """warn: is told of what is there and was never finished.

    Raises MlopsError where Azure does not say, as without the right to read it, and while it is at work.
    """
    from azure.core.exceptions import HttpResponseError

    ask = management.head if type_ in HEAD_ONLY else management.get
    try:
        found = ask(resource_id, **{"api-version": api_version(type_)}) or {}
    except HttpResponseError as error:
        if error.status_code in ABSENT:
            return False
        remedy = "Run the command again."
        if error.status_code in (401, 403):
            remedy = "Run it as somebody who has at least the role Reader there."
        raise MlopsError(
            f"Azure does not say whether it has {resource_id}: {error.status_code}.",
            remedy,
            first_lines(error, 8),
        ) from error
    state = str((found.get("properties") or {}).get("provisioningState") or "")
    if state.lower() in BUSY:
        # As it is now it would stay in the state: `up` reads nothing again that its program has not changed.
        raise MlopsError(
            f"Azure is still at work on {resource_id}: {state}.",
            "Wait until it is done, then run this again.",
        )
    if state.lower() in BROKEN:
        warn(f"{resource_id} is {state}: `pulumi up` does not mend what the program has not changed")
    return True
