"""Microsoft's public sample images, which cannot be pulled from here: programs that answer as they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from emulator.images.base import machine_minor
from emulator.images.image import Image
from emulator.images.references import Reference, parse
from emulator.images.store import Images

_PAGE: Final = """
import http.server, os

BODY = (
    b"<html><head><title>Welcome to Azure Container Instances!</title></head>"
    b"<body><h1>Welcome to Azure Container Instances!</h1></body></html>"
)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "80")))
print("listening on port", address[1], flush=True)
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""

# registry/repository -> the program of its stand-in
# (title and port: learn.microsoft.com/azure/container-instances/container-instances-quickstart, read 2026-11)
SAMPLES: Final[Mapping[str, str]] = {"mcr.microsoft.com/azuredocs/aci-helloworld": _PAGE}


def known(reference: Reference) -> bool:
    """Whether an image has a stand-in here, whatever its tag is."""
    return f"{reference.registry}/{reference.repository}" in SAMPLES


def stand_in(images: Images, reference: Reference, outside: Mapping[str, str]) -> Image:
    """The stand-in of a known image: this machine's Python with the sample's program as its command."""
    python = images.public_python(parse(f"python:{machine_minor()}-slim"), outside)
    program = SAMPLES[f"{reference.registry}/{reference.repository}"]
    return replace(python, config=python.config.with_(entrypoint=(), cmd=("python", "-c", program)))
