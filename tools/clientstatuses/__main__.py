"""``python -m tools.clientstatuses``: write emulator/arm/client_statuses.json anew.

Installs the clients that environments/requirements/ and newest.txt pin, without what they need, into folders
that are deleted afterwards, reads their code and keeps what concerns the types that are emulated.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

from emulator.app import Emulator
from emulator.arm.catalog import ROWS
from emulator.home import Home
from tools.bootstrap.cache import say, stop
from tools.clientstatuses.reading import Operation, operations
from tools.clientstatuses.table import TABLE, text

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "environments" / "requirements"
SETS = (
    *(REQUIREMENTS / f"{group}.txt" for group in ("infra", "ml", "dev", "azure-cli")),
    Path(__file__).with_name("newest.txt"),
)
CLIENT = re.compile(r"^(azure-(?:mgmt-[a-z0-9-]+|ai-ml|cli)==[^\s\\;]+)", re.MULTILINE)


def main() -> None:
    tool = shutil.which("uv")
    if tool is None:
        raise stop("there is no uv on PATH.", "Put .venv/bin first on PATH; `make setup` links it there.")
    seen: set[str] = set()
    read: set[str] = set()  # packages that have an operation of an emulated type
    found: list[Operation] = []
    with tempfile.TemporaryDirectory() as scratch:
        types, actions = _emulated(Path(scratch) / "home")
        namespaces = {f"{arm_type.split('/')[0]}/" for arm_type in types} | {"/resourcegroups/{"}
        for number, file in enumerate(SETS):
            wanted = [pin for pin in CLIENT.findall(file.read_text()) if pin not in seen]
            seen.update(wanted)
            say(f"{len(wanted)} clients of {file.relative_to(ROOT)}")
            folder = Path(scratch) / str(number)
            if not wanted:
                continue
            install = [tool, "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
            subprocess.run([*install, *wanted], check=True)
            kept = list(_kept(operations(folder, namespaces), types, actions))
            owners = {str(file): one for one in distributions(path=[str(folder)]) for file in one.files or ()}
            read |= {f"{owners[one.file].name}=={owners[one.file].version}" for one in kept}
            found += kept
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    TABLE.write_text(text(found, read, date))
    say(f"wrote {TABLE.relative_to(ROOT)}: {len({one.arm_type for one in found})} types")


def _emulated(folder: Path) -> tuple[set[str], set[tuple[str, str]]]:
    """The emulated types, and the actions on them by type and name, in lower case."""
    emulator = Emulator(Home(folder))
    try:
        types = {row.arm_type.lower() for row in ROWS if row.plane == "arm"} | emulator.arm.hooked()
        return types, emulator.arm.actions()
    finally:
        emulator.close()


def _kept(found: Iterator[Operation], types: set[str], actions: set[tuple[str, str]]) -> Iterator[Operation]:
    for one in found:
        if (one.arm_type, one.action) in actions or (one.arm_type in types and not one.action):
            yield one


if __name__ == "__main__":
    main()
