"""The values of a revision in an estate of example names."""

from typing import Any

from ml.production.values import Replicas, Size, Values

RELEASE = "r-0123456789abcdef"
IMAGE = "crprod.azurecr.io/scoring@sha256:" + "a" * 64


def values(**changes: Any) -> Values:
    fields: dict[str, Any] = {
        "release": RELEASE,
        "image": IMAGE,
        "port": 8080,
        "variables": {"PORT": "8080", "MODEL_DIR": "model"},
        "identity_client_id": "11111111-1111-1111-1111-111111111111",
        "tenant_id": "22222222-2222-2222-2222-222222222222",
        "subnet": "snet-kubernetes",
        "callers": ("10.30.4.0/26", "10.30.5.0/28"),
        "private_endpoints": "10.30.2.0/26",
        "size": Size(cpu_request=0.5, cpu_limit=1.0, memory_mib=768),
        "replicas": Replicas(minimum=2, maximum=10, cpu_percent=60),
        "available_seconds": 5,
        "drain_seconds": 15,
    }
    return Values(**{**fields, **changes})
