"""Whether Azure has a resource of an id, in the API version that the provider would read it in."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infra.arm_ids import PREFIX
from infra.narrow_imports import SDK, files_of
from ml.azure.rest import Rest

VERSION: Final = re.compile(r"Uses Azure REST API version (\d{4}-\d{2}-\d{2}[-a-z0-9]*)")
ABSENT: Final = (404, 410)


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


def exists(management: Rest, type_: str, resource_id: str) -> bool:
    """Raises HttpResponseError where Azure does not say, as without the right to read it."""
    from azure.core.exceptions import HttpResponseError

    try:
        management.get(resource_id, **{"api-version": api_version(type_)})
    except HttpResponseError as error:
        if error.status_code in ABSENT:
            return False
        raise
    return True
