"""`python -m emulator.provider --home HOME [ENGINE]`, which the Pulumi engine starts as a plugin."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from emulator.home import Home
from emulator.provider import lean_imports


def main() -> None:
    parser = argparse.ArgumentParser(prog="pulumi-resource-azure-native")
    parser.add_argument("engine", nargs="?", default="", help="address of the engine")
    parser.add_argument("--home", type=Path, help="the emulator's home (default: EMULATOR_HOME)")
    known, _ = parser.parse_known_args()
    lean_imports.install()
    from emulator.provider.server import serve

    serve((known.home or Home.default().root).expanduser().resolve(), known.engine)


if __name__ == "__main__":
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    main()
