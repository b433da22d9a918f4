"""The Azure command line's own folder in the home, signed in: AZURE_CONFIG_DIR of every client.

The user's ~/.azure is never read or written. What `az login --service-principal` would write is written here
before the first `python -m emulator run -- az`, so that no secret has to stand on a command line, where every
process could read it.
"""

from __future__ import annotations

import json
from typing import Any

from emulator.home import Home, write_aside
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS, TENANT_ID

PROFILE = "azureProfile.json"
SECRETS = "service_principal_entries.json"


def sign_in(home: Home) -> None:
    """Write the profile and the credential, unless a profile is there: who signed out stays so."""
    folder = home.root / "azure-cli"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / PROFILE).exists():
        return
    secret = {
        "client_id": SIGNED_IN.client_id,
        "tenant": TENANT_ID,
        "client_secret": home.secret(home.client_secret),
    }
    write_aside(folder / SECRETS, json.dumps([secret]).encode())
    write_aside(folder / PROFILE, json.dumps({"subscriptions": _subscriptions()}).encode())


def _subscriptions() -> list[dict[str, Any]]:
    return [
        {
            "id": subscription,
            "name": name,
            "state": "Enabled",
            "user": {"name": SIGNED_IN.client_id, "type": "servicePrincipal"},
            "isDefault": index == 0,
            "tenantId": TENANT_ID,
            "environmentName": "AzureCloud",
            "homeTenantId": TENANT_ID,
            "managedByTenants": [],
        }
        for index, (subscription, name) in enumerate(SUBSCRIPTIONS.items())
    ]
