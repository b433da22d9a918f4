"""The settings of what runs CI jobs inside the network."""

import base64
import binascii
import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from infra.config_github import GitHubApp
from infra.config_types import VmSize, refuse

# "Create SSH keys on Linux for authenticating to Azure VMs": RSA of 2048 bits or more, or Ed25519.
KINDS: Final = ("ssh-ed25519", "ssh-rsa")
SHORTEST_RSA: Final = 2048 // 8
ED25519: Final = 32  # bytes


def _ssh_key(value: Any) -> str:
    """A public key as `ssh-keygen` writes it: kind, content, and a comment that may be left out."""
    text = value if isinstance(value, str) else ""
    found = re.fullmatch(r"(\S+) ([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?", text)
    if found is None or found[1] not in KINDS:
        refuse(f"write a public SSH key of one line: {' or '.join(KINDS)}, then its content")
    try:
        content = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        refuse("the content of the public SSH key is cut off or no base64; copy the whole line")
    kind, *parts = _fields(content)
    if kind != found[1].encode() or len(parts) != (1 if found[1] == "ssh-ed25519" else 2):
        refuse("the content of the public SSH key is another kind's, or cut off; copy the whole line")
    if found[1] == "ssh-ed25519" and len(parts[0]) != ED25519:
        refuse("the content of the public SSH key is no Ed25519 key, which has 32 bytes; copy the whole line")
    if found[1] == "ssh-rsa" and len(parts[1].lstrip(b"\0")) < SHORTEST_RSA:
        refuse("Azure takes no RSA key shorter than 2048 bits; make one by ssh-keygen -t ed25519")
    return f"{found[1]} {found[2]}"


def _fields(content: bytes) -> list[bytes]:
    """The fields of a public key, each after its length (RFC 4253); the last is short where it is cut off."""
    fields: list[bytes] = []
    while content:
        length = int.from_bytes(content[:4])
        fields.append(content[4 : 4 + length])
        if len(content) < 4 or len(fields[-1]) < length:
            refuse("the content of the public SSH key is cut off; copy the whole line")
        content = content[4 + length :]
    return fields or [b""]


class Runners(GitHubApp):
    """Machines in the subnet `ciRunners` that run the jobs of one repository.

    sshKey: a public key, which Azure makes no machine without; nothing leads to the port that it opens.
    count: machines, each with one job at a time. With one alone the workflow `rollback` waits until that of a
    canary has ended, which it is there to end.
    """

    ssh_key: Annotated[str, BeforeValidator(_ssh_key)]
    vm_size: VmSize = "Standard_D2ds_v5"
    count: int = Field(default=2, ge=1, le=10)
