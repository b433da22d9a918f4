"""Tokens of service accounts: what stands in them."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

from emulator.kubernetes.clusters import Cluster

LIFETIME_S: Final = 3600
SHORTEST_S: Final = 600

Json = dict[str, Any]


def issuer(cluster: Cluster) -> str:
    """Who signs, as the tokens say: the cluster's OIDC issuer where it has one."""
    profile: Json = cluster.properties.get("oidcIssuerProfile") or {}
    return str(profile.get("issuerURL") or f"https://{cluster.host}")


def claims(
    cluster: Cluster, account: Json, audiences: list[str], seconds: int, pod: Json | None = None
) -> Json:
    """The claims of a token. account: the ServiceAccount. audiences: the API server's own where there are
    none. pod: the one that the token is bound to."""
    meta, now = account["metadata"], int(time.time())
    bound: Json = {
        "namespace": meta["namespace"],
        "serviceaccount": {"name": meta["name"], "uid": meta["uid"]},
    }
    if pod is not None:
        bound["pod"] = {"name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
    return {
        "aud": audiences or [f"https://{cluster.host}"],
        "exp": now + seconds,
        "iat": now,
        "iss": issuer(cluster),
        "jti": str(uuid.uuid4()),
        "kubernetes.io": bound,
        "nbf": now,
        "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
    }
