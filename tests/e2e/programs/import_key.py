"""`import_key.py VAULT_ID NAME < key.pem`: a private key comes into a vault, by whoever may grant roles."""

import sys
import uuid

import httpx
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import JsonWebKey, KeyClient
from cryptography.hazmat.primitives.serialization import load_pem_private_key

OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"  # Key Vault Crypto Officer
ARM = "https://management.azure.com"


def whole(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


if __name__ == "__main__":
    vault, name = sys.argv[1:]
    credential = DefaultAzureCredential()
    token = credential.get_token(f"{ARM}/.default").token
    own = httpx.get(
        f"{ARM}{vault}", params={"api-version": "2023-07-01"}, headers={"authorization": f"Bearer {token}"}
    )
    subscription = "/".join(vault.split("/")[:3])
    body = {
        "properties": {
            "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{OFFICER}",
            "principalId": sys.stdin.readline().strip(),
            "principalType": "ServicePrincipal",
        }
    }
    assignment = uuid.uuid5(uuid.NAMESPACE_URL, vault)
    httpx.put(
        f"{ARM}{vault}/providers/Microsoft.Authorization/roleAssignments/{assignment}",
        params={"api-version": "2022-04-01"},
        headers={"authorization": f"Bearer {token}"},
        json=body,
    ).raise_for_status()
    numbers = load_pem_private_key(sys.stdin.read().encode(), None).private_numbers()
    public = numbers.public_numbers
    key = JsonWebKey(
        kty="RSA",
        key_ops=["sign", "verify"],
        n=whole(public.n),
        e=whole(public.e),
        d=whole(numbers.d),
        p=whole(numbers.p),
        q=whole(numbers.q),
        dp=whole(numbers.dmp1),
        dq=whole(numbers.dmq1),
        qi=whole(numbers.iqmp),
    )
    KeyClient(own.raise_for_status().json()["properties"]["vaultUri"], credential).import_key(name, key)
