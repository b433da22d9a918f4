"""What a Spark job finds of Azure's `notebookutils`: tokens of the identity that it runs as."""

from __future__ import annotations

import os
from types import SimpleNamespace

AUDIENCES = {"storage": "https://storage.azure.com/.default"}


def _token(audience: str) -> str:
    from azure.identity import ManagedIdentityCredential

    if audience.lower() not in AUDIENCES:
        raise ValueError(f"Not emulated: tokens for the audience {audience!r}; known: {', '.join(AUDIENCES)}")
    credential = ManagedIdentityCredential(client_id=os.environ.get("DEFAULT_IDENTITY_CLIENT_ID") or None)
    return credential.get_token(AUDIENCES[audience.lower()]).token


mssparkutils = SimpleNamespace(credentials=SimpleNamespace(getToken=_token))
