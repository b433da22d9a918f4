"""What the gateway is filled with: policies as XML files, and the description of the scoring API.

`service.xml` holds for every API, `api.xml` for scoring. The fragments that `api.xml` includes are chosen by
the settings. The files are XML as it stands in Azure; only the callers' ranges are written here.
"""

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

FOLDER: Final = Path(__file__).parent
API: Final = "scoring"
PATH: Final = "scoring/v1"
PRODUCT: Final = "scoring"
BACKEND_KEY: Final = "backend-key"  # the named value with the scoring service's key


@cache
def text(name: str) -> str:
    """A file of the folder."""
    return (FOLDER / name).read_text()


def fragments(callers: Iterable[str], *, private: bool, tokens: bool) -> dict[str, str]:
    """The fragments by id.

    callers: ranges or addresses that may call a gateway on a public address. private: it has none. tokens:
    whether Microsoft Entra ID's are taken beside subscription keys.
    """
    return {
        "callers": text("callers-private.xml") if private else listed(callers),
        "sign-in": text("sign-in-token.xml" if tokens else "sign-in-key.xml"),
        "backend-key": text("backend-key.xml"),
    }


def listed(callers: Iterable[str]) -> str:
    """The fragment that lets these ranges and addresses in, and nobody else."""
    fragment = ElementTree.Element("fragment")
    allowed = ElementTree.SubElement(fragment, "ip-filter", {"action": "allow"})
    for caller in callers:
        network = IPv4Network(caller)
        first, last = str(network.network_address), str(network.broadcast_address)
        if first == last:
            ElementTree.SubElement(allowed, "address").text = first
        else:
            ElementTree.SubElement(allowed, "address-range", {"from": first, "to": last})
    ElementTree.indent(fragment)
    return ElementTree.tostring(fragment, encoding="unicode") + "\n"
