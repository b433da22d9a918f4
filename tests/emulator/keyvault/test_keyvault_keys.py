"""Keys of a vault through azure-keyvault-keys: KeyClient and CryptographyClient, unchanged."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.keys import JsonWebKey, KeyClient, KeyCurveName, KeyOperation, KeyType
from azure.keyvault.keys.crypto import (
    CryptographyClient,
    EncryptionAlgorithm,
    KeyWrapAlgorithm,
    SignatureAlgorithm,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from emulator.app import Emulator
from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.directory import ENGINEERS, SIGNED_IN, Principal
from emulator.keyvault.algorithms import encoded
from tests.emulator.keyvault.test_keyvault_secrets import PROPERTIES, VAULT
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
VAULT_READER = "21090545-7ca7-4776-b22c-e363652d74d2"
DIGEST = hashlib.sha256(b"what is signed").digest()


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """With the vault ``kv-one``, the engineers as its crypto officers."""
    emulator = estate.start(tmp_path)
    estate.resource(emulator, "Microsoft.KeyVault/vaults/kv-one", dict(PROPERTIES))
    estate.grant(emulator, ENGINEERS, CRYPTO_OFFICER)
    yield emulator
    emulator.close()


@pytest.fixture
def keys(emulator: Emulator) -> KeyClient:
    return client(emulator)


def client(emulator: Emulator, principal: Principal = SIGNED_IN) -> KeyClient:
    return KeyClient(
        "https://kv-one.vault.azure.net",
        Credential(emulator, principal),
        transport=transport(emulator),
        retry_total=0,
    )


def using(emulator: Emulator, kid: str, principal: Principal = SIGNED_IN) -> CryptographyClient:
    """By the key's id: what the key does is done by the vault, as the key cannot be read from an id."""
    return CryptographyClient(
        kid, Credential(emulator, principal), transport=transport(emulator), retry_total=0
    )


def refused(call: Callable[[], Any]) -> tuple[int | None, str, str]:
    """Status, code and inner code of the error."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    error = caught.value.error
    return caught.value.status_code, error.code, (error.innererror or {}).get("code", "")


@pytest.mark.parametrize(
    ("curve", "algorithm", "hashed"),
    [
        (KeyCurveName.p_256, SignatureAlgorithm.es256, hashes.SHA256()),
        (KeyCurveName.p_384, SignatureAlgorithm.es384, hashes.SHA384()),
    ],
)
def test_a_signature_of_a_curve_is_one_for_everybody(
    emulator: Emulator,
    keys: KeyClient,
    curve: KeyCurveName,
    algorithm: SignatureAlgorithm,
    hashed: hashes.HashAlgorithm,
) -> None:
    made = keys.create_ec_key("approvals", curve=curve)
    digest = hashlib.new(hashed.name, b"what is signed").digest()
    crypto = using(emulator, made.id)
    signature = crypto.sign(algorithm, digest).signature
    assert crypto.verify(algorithm, digest, signature).is_valid
    assert not crypto.verify(algorithm, hashlib.new(hashed.name, b"another").digest(), signature).is_valid
    x, y = (int.from_bytes(part, "big") for part in (made.key.x, made.key.y))
    public = ec.EllipticCurvePublicNumbers(x, y, {32: ec.SECP256R1(), 48: ec.SECP384R1()}[len(made.key.x)])
    half = len(signature) // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    public.public_key().verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(utils.Prehashed(hashed)))


def test_rsa_signs_wraps_and_encrypts(emulator: Emulator, keys: KeyClient) -> None:
    made = keys.create_rsa_key("sealing", size=2048)
    public = rsa.RSAPublicNumbers(
        int.from_bytes(made.key.e, "big"), int.from_bytes(made.key.n, "big")
    ).public_key()
    crypto = using(emulator, made.id)
    plain = padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())
    public.verify(crypto.sign(SignatureAlgorithm.rs256, DIGEST).signature, DIGEST, *plain)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32), utils.Prehashed(hashes.SHA256())
    public.verify(crypto.sign(SignatureAlgorithm.ps256, DIGEST).signature, DIGEST, *pss)
    sealed = crypto.encrypt(EncryptionAlgorithm.rsa_oaep_256, b"secret").ciphertext
    assert crypto.decrypt(EncryptionAlgorithm.rsa_oaep_256, sealed).plaintext == b"secret"
    wrapped = crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep, b"k" * 32).encrypted_key
    assert crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep, wrapped).key == b"k" * 32
    too_long = b"x" * 300
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    assert crypto.decrypt(EncryptionAlgorithm.rsa_oaep_256, public.encrypt(b"out", oaep)).plaintext == b"out"
    wrong = keys.create_rsa_key("other").id
    assert refused(lambda: using(emulator, wrong).decrypt(EncryptionAlgorithm.rsa_oaep_256, sealed))[:2] == (
        400,
        "BadParameter",
    )
    with pytest.raises((HttpResponseError, ValueError)):
        crypto.encrypt(EncryptionAlgorithm.rsa_oaep_256, too_long)


def test_versions_rotation_and_lists(keys: KeyClient) -> None:
    first = keys.create_ec_key("approvals", curve=KeyCurveName.p_384, tags={"for": "releases"})
    second = keys.rotate_key("approvals")
    assert (second.key.crv, second.properties.tags) == ("P-384", {"for": "releases"})
    assert keys.get_key("APPROVALS").id == second.id
    assert keys.get_key("approvals", first.properties.version).key.x == first.key.x != second.key.x
    listed = {one.version for one in keys.list_properties_of_key_versions("approvals")}
    assert listed == {first.properties.version, second.properties.version}
    keys.create_ec_key("another")
    assert [one.name for one in keys.list_properties_of_keys()] == ["another", "approvals"]
    with pytest.raises(ResourceNotFoundError, match="was not found in this key vault"):
        keys.get_key("approvals", "0" * 32)


def test_a_key_does_what_it_may_and_when(emulator: Emulator, keys: KeyClient) -> None:
    verifying = keys.create_ec_key("verifying", key_operations=[KeyOperation.verify])
    assert _raw(emulator, verifying.id, "sign") == (403, "KeyOperationForbidden")
    disabled = keys.create_ec_key("disabled", enabled=False)
    assert _raw(emulator, disabled.id, "sign") == (403, "KeyDisabled")
    now = datetime.now(UTC).replace(microsecond=0)
    later = keys.create_ec_key("later", not_before=now + timedelta(hours=1))
    assert _raw(emulator, later.id, "sign") == (403, "KeyNotYetValid")
    made = keys.create_ec_key("old")
    signature = using(emulator, made.id).sign(SignatureAlgorithm.es256, DIGEST).signature
    keys.update_key_properties("old", expires_on=now - timedelta(hours=1))
    assert _raw(emulator, made.id, "sign") == (403, "KeyExpired")
    assert _raw(emulator, made.id, "verify", signature) == (200, "")


def _raw(emulator: Emulator, kid: str, operation: str, signature: bytes = b"") -> tuple[int, str]:
    """Status and inner code of a request that no client checks before it is sent."""
    body = {"alg": "ES256", "value": encoded(DIGEST)}
    if operation == "verify":
        body = {"alg": "ES256", "digest": encoded(DIGEST), "value": encoded(signature)}
    token, _ = emulator.identity.tokens.issue(SIGNED_IN, "https://vault.azure.net")
    path = f"{kid.removeprefix('https://kv-one.vault.azure.net')}/{operation}"
    answer = emulator.answer(
        Request(
            "POST",
            "kv-one.vault.azure.net",
            path,
            path,
            {"api-version": "7.5"},
            {"authorization": f"Bearer {token}"},
            json.dumps(body).encode(),
        )
    )
    said = json.loads(answer.body)
    return answer.status, said.get("error", {}).get("innererror", {}).get("code", "")


def test_algorithms_and_digests_have_to_fit(emulator: Emulator, keys: KeyClient) -> None:
    on_curve = keys.create_ec_key("approvals")
    crypto = using(emulator, on_curve.id)
    for algorithm in (SignatureAlgorithm.rs256, SignatureAlgorithm.es384):
        with pytest.raises((HttpResponseError, ValueError)):
            crypto.sign(algorithm, DIGEST if algorithm == "RS256" else hashlib.sha384(b"").digest())
    assert refused(lambda: crypto.sign(SignatureAlgorithm.es256, b"short"))[1] == "BadParameter"


def test_imported_keys_keep_their_numbers(emulator: Emulator, keys: KeyClient) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    numbers = own.private_numbers()
    point = numbers.public_numbers
    jwk = JsonWebKey(
        kty=KeyType.ec,
        crv=KeyCurveName.p_256,
        x=point.x.to_bytes(32, "big"),
        y=point.y.to_bytes(32, "big"),
        d=numbers.private_value.to_bytes(32, "big"),
        key_ops=["sign", "verify"],
    )
    made = keys.import_key("own", jwk)
    assert made.key.x == jwk.x and made.key.d is None
    signature = using(emulator, made.id).sign(SignatureAlgorithm.es256, DIGEST).signature
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    own.public_key().verify(
        utils.encode_dss_signature(r, s), DIGEST, ec.ECDSA(utils.Prehashed(hashes.SHA256()))
    )


def test_roles_decide_who_signs(emulator: Emulator, keys: KeyClient) -> None:
    emulator.arm.put(f"{VAULT}/keys/approvals", {"properties": {"kty": "EC"}})
    made = keys.get_key("approvals")
    reader, signer = (estate.identity(emulator, name) for name in ("reader", "signer"))
    estate.grant(emulator, reader.object_id, VAULT_READER, f"{VAULT}/keys/approvals")
    estate.grant(emulator, signer.object_id, CRYPTO_USER, f"{VAULT}/keys/approvals")
    assert client(emulator, reader).get_key("approvals").id == made.id
    sign = SignatureAlgorithm.es256, DIGEST
    assert refused(lambda: using(emulator, made.id, reader).sign(*sign)) == (
        403,
        "Forbidden",
        "ForbiddenByRbac",
    )
    assert using(emulator, made.id, signer).sign(*sign).signature
    assert refused(lambda: client(emulator, signer).create_ec_key("approvals"))[2] == "ForbiddenByRbac"
    keys.create_ec_key("another")
    assert refused(lambda: client(emulator, signer).get_key("another"))[2] == "ForbiddenByRbac"


def test_a_role_is_granted_on_a_key_that_is_there_however_it_came(
    emulator: Emulator, keys: KeyClient
) -> None:
    """ARM shows it as well, and not once it is deleted."""
    path, signer = f"{VAULT}/keys/came", estate.identity(emulator, "signer")
    with pytest.raises(AzureError, match="keys/came' was not found"):
        estate.grant(emulator, signer.object_id, CRYPTO_USER, path)
    made = keys.create_ec_key("came")
    assert emulator.arm.get(path)["properties"]["keyUriWithVersion"] == made.id
    estate.grant(emulator, signer.object_id, CRYPTO_USER, path)
    assert using(emulator, made.id, signer).sign(SignatureAlgorithm.es256, DIGEST).signature
    keys.begin_delete_key("came", _polling_interval=0).wait()
    with pytest.raises(AzureError, match="keys/came' was not found"):
        emulator.arm.get(path)


def test_deleted_keys_can_be_had_back(keys: KeyClient) -> None:
    made = keys.create_ec_key("approvals")
    deleted = keys.begin_delete_key("approvals", _polling_interval=0).result()
    assert deleted.scheduled_purge_date - deleted.deleted_date == timedelta(days=7)
    with pytest.raises(ResourceNotFoundError):
        keys.get_key("approvals")
    assert refused(lambda: keys.create_ec_key("approvals"))[2] == "ObjectIsDeletedButRecoverable"
    assert [one.name for one in keys.list_deleted_keys()] == ["approvals"]
    assert keys.begin_recover_deleted_key("approvals", _polling_interval=0).result().id == made.id
    keys.begin_delete_key("approvals", _polling_interval=0).wait()
    keys.purge_deleted_key("approvals")
    with pytest.raises(ResourceNotFoundError):
        keys.get_deleted_key("approvals")


def test_what_arm_made_is_the_vaults_key(emulator: Emulator, keys: KeyClient) -> None:
    path = f"{VAULT}/keys/pulumi-stage"
    made = emulator.arm.put(path, {"properties": {"kty": "EC", "curveName": "P-256", "keyOps": ["sign"]}})[0]
    found = keys.get_key("pulumi-stage")
    assert found.id == made["properties"]["keyUriWithVersion"]
    assert list(found.key.key_ops) == ["sign"]
    emulator.arm.delete(path)
    again = emulator.arm.put(path, {"properties": {"kty": "EC", "curveName": "P-256"}})[0]
    assert again["properties"]["keyUriWithVersion"] == found.id


def test_what_is_not_emulated_is_refused_by_name(keys: KeyClient) -> None:
    keys.create_ec_key("approvals")
    for call in (
        lambda: keys.get_key_rotation_policy("approvals"),
        lambda: keys.backup_key("approvals"),
        lambda: keys.create_oct_key("symmetric"),
    ):
        assert refused(call)[:2] == (501, "NotEmulated")


def test_private_halves_are_sealed_on_disk(emulator: Emulator, keys: KeyClient) -> None:
    keys.create_ec_key("approvals")
    on_disk = b"".join(file.read_bytes() for file in emulator.home.root.glob("emulator.db*"))
    assert b"PRIVATE KEY" not in on_disk and b"keyvault-key" in on_disk


def test_times_are_whole_seconds(keys: KeyClient) -> None:
    before = int(time.time())
    made = keys.create_ec_key("approvals")
    assert before <= made.properties.created_on.timestamp() <= time.time()
