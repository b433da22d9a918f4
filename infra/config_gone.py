"""Settings that there were once: whoever still has one is told what became of it."""

from collections.abc import Mapping
from typing import Final

GONE: Final[Mapping[str, str]] = {
    "scoring": (  # 2026-11-30; its only setting was publicAddress
        "there is no such section any more: scoring stands inside the network, and callers come by the "
        "gateway; remove it, and set the section gateway where callers come from outside"
    ),
    "gateway.backendKeySecret": (  # 2026-11-30
        "there is no such setting any more: `mlops deploy` and `mlops key` tell the gateway the service's "
        "key; remove it"
    ),
}
"""By path in the stack file: what to do."""
