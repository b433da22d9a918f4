"""One emulator in this process for the rows of wrong inputs, and what is in it before and after each."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from emulator.app import Emulator
from emulator.home import Home
from emulator.http import Request, Response
from emulator.identity.directory import ENGINEERS, SIGNED_IN, TENANT_ID
from emulator.refusals import CALL
from emulator.resources.locations import LOCATIONS
from tests.emulator.machinelearning import estate

AUDIENCES = {
    ".blob.core.windows.net": "https://storage.azure.com",
    ".vault.azure.net": "https://vault.azure.net",
}
NETWORK = f"{estate.GROUP}/providers/Microsoft.Network/virtualNetworks"
OTHER_GROUP = f"/subscriptions/{estate.SUBSCRIPTION}/resourceGroups/rg-other"
OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
PLACEHOLDERS = {
    **{name: f"{estate.WORKSPACE}/components/{name}/versions/1" for name in ("make", "take", "both")},
    "workspace": estate.WORKSPACE,
    "account": estate.ACCOUNT,
    "group": estate.GROUP,
    "subscription": f"/subscriptions/{estate.SUBSCRIPTION}",
    "tenant": TENANT_ID,
    "engineers": ENGINEERS,
    "signed_in": SIGNED_IN.object_id,
    "regions": ",".join(LOCATIONS),
}


def filled(text: str) -> str:
    """The text with its {placeholders} replaced."""
    for name, value in PLACEHOLDERS.items():
        text = text.replace(f"{{{name}}}", value)
    return text


class BadWorld:
    """The small estate of the machine learning tests, with two networks that overlap."""

    def __init__(self, root: Path) -> None:
        self.emulator = Emulator(Home(root / "home"))
        self.emulator.ports.update({"proxy": 9, "plain": 9, "tls": 9})
        estate.build(self._write)
        self._write(OTHER_GROUP, {"location": estate.REGION})
        container = f"{estate.ACCOUNT}/blobServices/default/containers/data"
        self._write(container, {})
        estate.grant(
            self._write, "5f0e7a52-0000-4000-8000-000000000003", ENGINEERS, "Group", estate.VAULT, OFFICER
        )
        for name, prefix in (("vnet-a", "10.9.0.0/24"), ("vnet-b", "10.9.1.0/24")):
            space = {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}
            subnets = [{"name": "a", "properties": {"addressPrefix": prefix}}]
            self._write(
                f"{NETWORK}/{name}", {"location": estate.REGION, "properties": {**space, "subnets": subnets}}
            )
        self._make_components()

    def _make_components(self) -> None:
        """Three components: {make} writes a file, {take} reads a folder, {both} copies one."""
        folder = {"type": "uri_folder"}
        integer = {"n": {"type": "integer"}}
        for name, command, inputs, outputs in (
            ("make", "echo ${{inputs.n}} > ${{outputs.o}}/f", integer, {"o": folder}),
            ("take", "ls ${{inputs.i}}", {"i": folder}, {}),
            ("both", "cp -r ${{inputs.i}}/. ${{outputs.o}}", {"i": folder}, {"o": folder}),
        ):
            spec = {
                "type": "command",
                "command": command,
                "environment": f"azureml:{estate.ENVIRONMENT}",
                "inputs": inputs,
                "outputs": outputs,
            }
            self._write(
                f"{estate.WORKSPACE}/components/{name}/versions/1", {"properties": {"componentSpec": spec}}
            )

    def _write(self, resource_id: str, body: Any) -> Any:
        return self.emulator.arm.put(resource_id, body, principal=SIGNED_IN)[0]

    def answer(
        self, method: str, host: str, path: str, query: dict[str, str], headers: dict[str, str], body: str
    ) -> Response:
        """One request as the signed-in principal, unless the headers say otherwise."""
        given = dict(headers)
        audience = given.pop("audience", "") or next(
            (one for suffix, one in AUDIENCES.items() if host.endswith(suffix)),
            "https://management.azure.com",
        )
        token, _ = self.emulator.identity.tokens.issue(SIGNED_IN, audience)
        given.setdefault("authorization", f"Bearer {token}")
        path = filled(path)
        return self.emulator.answer(
            Request(
                method, host, path, path, query, {k: v for k, v in given.items() if v}, filled(body).encode()
            )
        )

    def content(self) -> dict[str, str]:
        """All that is kept: resources, documents, blobs, and files of jobs, containers and images."""
        store, home = self.emulator.store, self.emulator.home
        with sqlite3.connect(f"file:{home.database}?mode=ro", uri=True) as database:
            rows = database.execute(
                "SELECT kind, key, value FROM document WHERE kind <> ?", (CALL,)
            ).fetchall()
        with sqlite3.connect(f"file:{home.blobs / 'index.db'}?mode=ro", uri=True) as index:
            blobs = index.execute("SELECT account, container, name, content FROM blob").fetchall()
            blobs += index.execute("SELECT account, container, name, content FROM staged").fetchall()
        found = {item["id"]: json.dumps(item, sort_keys=True) for item in store.subtree("/subscriptions")}
        found |= {f"document {kind} {key}": hashlib.sha256(value).hexdigest() for kind, key, value in rows}
        found |= {f"blob {'/'.join(row[:3])}": row[3] for row in blobs}
        for folder in (home.blobs, home.jobs, home.containers, home.images):
            for path in folder.rglob("*"):
                if path.is_file() and not path.name.startswith("index.db"):
                    found[str(path)] = str(path.stat().st_size)
        return found

    def close(self) -> None:
        self.emulator.close()
