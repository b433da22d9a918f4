"""Scoring in the cluster: at the Service's address on the tests' own node, else through the API server."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from ml.production.api import Api, path_of


@dataclass
class Tally:
    """What a load was answered: status codes, and errors of the connection by name."""

    answers: Counter[str] = field(default_factory=Counter[str])

    @property
    def failed(self) -> dict[str, int]:
        return {what: count for what, count in self.answers.items() if what != "200"}


class Asking:
    def __init__(self, api: Api, namespace: str, service: str) -> None:
        self._headers: dict[str, str] = {}
        self._verify: ssl.SSLContext | bool = True
        if os.environ.get("KUBERNETES_REGISTRY"):  # the tests stand on the node
            made = api.get(path_of("Service", namespace, service))
            assert made is not None
            self._base = f"http://{made['spec']['clusterIP']}:{made['spec']['ports'][0]['port']}"
        else:
            configuration: Any = api.client.configuration
            path = path_of("Service", namespace, f"{service}:http", "proxy")
            self._base = f"{configuration.host}{path}"
            if token := configuration.api_key.get("BearerToken"):
                self._headers = {"authorization": str(token)}
            self._verify = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
            if configuration.cert_file:
                self._verify.load_cert_chain(configuration.cert_file, configuration.key_file)

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self._base, headers=self._headers, verify=self._verify, trust_env=False, timeout=20
        )

    def score(self, request: dict[str, Any]) -> dict[str, Any]:
        with self.client() as client:
            answer = client.post("/score", json=request)
            answer.raise_for_status()
            return answer.json()

    @contextmanager
    def load(self, request: dict[str, Any], clients: int) -> Generator[Tally]:
        """So many clients that score without a pause; each keeps its connection as long as it lasts."""
        tally, ending = Tally(), threading.Event()

        def run() -> None:
            with self.client() as client:
                while not ending.is_set():
                    try:
                        tally.answers[str(client.post("/score", json=request).status_code)] += 1
                    except httpx.TransportError as error:
                        tally.answers[type(error).__name__] += 1
                    time.sleep(0.005)

        threads = [threading.Thread(target=run, daemon=True) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield tally
        finally:
            ending.set()
            for thread in threads:
                thread.join(30)
