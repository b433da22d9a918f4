"""Plain HTTP to the cluster of KUBECONFIG, past every client library."""

from __future__ import annotations

import ssl
from typing import Any

import httpx


def from_kubeconfig() -> httpx.Client:
    from kubernetes import config

    configuration: Any = config.new_client_from_config().configuration
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    token = configuration.api_key.get("BearerToken")
    headers = {"authorization": str(token)} if token else {}
    return httpx.Client(
        base_url=configuration.host, verify=context, headers=headers, trust_env=False, timeout=60
    )
