"""`listCluster…Credential`: the kubeconfig of a cluster."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from emulator.arm.keys import Keys
from emulator.arm.service import Action, Arm
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.home import Home
from emulator.identity.directory import TENANT_ID
from emulator.tls import Certificates

CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
SERVER_APPLICATION: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"  # of Azure's own sign-in to all clusters
YEARS: Final = 2  # that client certificates hold; an authority holds for 30
# action -> the name of its kubeconfig, of its user, and whether it is one of the cluster's own accounts
CREDENTIALS: Final = {
    "listClusterAdminCredential": ("clusterAdmin", True),
    "listClusterUserCredential": ("clusterUser", False),
    "listClusterMonitoringUserCredential": ("clusterMonitoringUser", False),
}

Json = dict[str, Any]


def install(home: Home, arm: Arm, store: Store) -> None:
    """Register the actions."""
    keys = Keys(store)
    keys.forget_with(arm, CLUSTER)

    for name, (label, own_account) in CREDENTIALS.items():

        @arm.action(CLUSTER, name)
        def credential(action: Action, label: str = label, own_account: bool = own_account) -> Json:
            cluster = arm.get(action.id)
            by_directory = cluster["properties"].get("aadProfile") and not own_account
            if cluster["properties"].get("disableLocalAccounts") and not by_directory:
                raise AzureError(
                    400,
                    "BadRequest",
                    "Getting static credential is not allowed because this cluster is set to disable local "
                    "accounts.",
                )
            held = keys.held(action.id)
            if not held:
                held = _certificates(cluster["name"])
                keys.keep(action.id, held)
            user = _by_directory() if by_directory else _by_certificate(held)
            authority = base64.b64encode(Certificates(home).authority).decode()
            text = yaml.safe_dump(_kubeconfig(cluster, label, authority, user), sort_keys=False)
            return {"kubeconfigs": [{"name": label, "value": base64.b64encode(text.encode()).decode()}]}


def _kubeconfig(cluster: Json, label: str, authority: str, user: Json) -> Json:
    properties, name = cluster["properties"], cluster["name"]
    address = properties.get("fqdn") or properties.get("privateFQDN")
    person = f"{label}_{cluster['id'].split('/')[4]}_{name}"
    context = f"{name}-admin" if label == "clusterAdmin" else name
    server = {"certificate-authority-data": authority, "server": f"https://{address}:443"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": server}],
        "contexts": [{"name": context, "context": {"cluster": name, "user": person}}],
        "current-context": context,
        "preferences": {},
        "users": [{"name": person, "user": user}],
    }


def _by_certificate(held: dict[str, str]) -> Json:
    return {"client-certificate-data": held["certificate"], "client-key-data": held["key"]}


def _by_directory() -> Json:
    """Who signs in is asked by kubelogin, as Azure's own kubeconfigs have it."""
    arguments = ["get-token", "--environment", "AzurePublicCloud", "--server-id", SERVER_APPLICATION]
    arguments += ["--client-id", "80faf920-1908-4b52-b5ef-a8e7bedfc67a", "--tenant-id", TENANT_ID]
    arguments += ["--login", "devicecode"]
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "kubelogin",
            "args": arguments,
            "env": None,
            "provideClusterInfo": False,
        }
    }


def _certificates(name: str) -> dict[str, str]:
    """The cluster's authority, its client certificate and that one's key, each base64 of PEM."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"masterclient-{name}"),
        ]
    )
    made = [
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(authority, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        for who, key, years, is_authority in ((issuer, authority, 30, True), (subject, own, YEARS, False))
    ]
    pem = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    parts = zip(("authority", "certificate", "key"), (*made, pem), strict=True)
    return {part: base64.b64encode(one).decode() for part, one in parts}
