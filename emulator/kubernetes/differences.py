"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "Served are the kinds of `emulator/kubernetes/kinds.py`; another kind, subresource or form of a body "
    "(protobuf) is refused by its name. Custom resources and webhooks of the user's are none of them.",
    "Who asks is known by a token of Microsoft Entra ID alone, and may what Azure roles say: client "
    "certificates, tokens of service accounts and Kubernetes' own roles open nothing.",
    "Watches go on from any version since the start, as far as 2048 changes back; Azure's from five "
    "minutes back.",
    "OpenAPI names types and fields, without what they mean: `kubectl explain` shows no texts.",
    "Pods are processes of this machine: see docs/emulator/kubernetes.md for what they have and what not.",
)
