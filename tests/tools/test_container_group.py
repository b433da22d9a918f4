"""The group that `make test-containers` starts can be declared: nobody without an engine would notice."""

from __future__ import annotations

import hashlib

from tests.containers.group import declared


def test_it_is_what_a_deployment_declares_with_the_key_s_hash_in_place_of_a_vault() -> None:
    spec = declared("key")
    assert spec.env["API_KEY_SHA256"] == hashlib.sha256(b"key").hexdigest()
    assert spec.env["PORT"] == str(spec.port)
    assert "KEY_VAULT_URI" not in {*spec.env, *spec.secure_env}
