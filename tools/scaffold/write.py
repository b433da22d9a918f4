"""The files of one more type: its row, its service's folder where it has none, and a test to complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tools.scaffold.sdk import ScaffoldError

_END: Final = "\n)\n# fmt: on\n"

INIT: Final = '"""{provider}: resources are kept as they are given."""\n'
TYPES: Final = '''"""The types of Microsoft.{provider}.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import ResourceType, Row

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
)
# fmt: on
'''
TEST: Final = '''"""{arm_type}: what a request does, and what Azure refuses."""

from __future__ import annotations

from emulator.arm import catalog
from tests.emulator.core.conftest import GROUP, LOCATION, Client

PATH = f"{{GROUP}}/providers/{path}"


def test_it_has_azures_rule_for_names() -> None:
    row = catalog.find("{arm_type}")
    assert row is not None
    assert row.name is not None, (
        "{types}: give this row its name=NameRule(…) of emulator.arm.catalog_types, "
        "from “Naming rules and restrictions for Azure resources”, or delete this test if Azure has none"
    )


def test_what_stands_there_is_read_and_deleted(client: Client) -> None:
    client.group()
    made = client.ok("PUT", PATH, {{"location": LOCATION, "properties": {{}}}})
    assert client.ok("GET", PATH)["id"] == made["id"]
    client.ok("DELETE", PATH)
    assert client("GET", PATH).status == 404


def test_a_request_does_what_azure_does() -> None:
    behaviour = None
    assert behaviour is not None, (
        "test here what a PUT changes beside its own resource, and each refusal of Azure in its own words "
        "(a hook in the service's install.py, which emulator/app.py calls); "
        "what is known to differ stands in {differences}"
    )
'''


def row_line(path: str, token: str) -> str:
    return f'    Row("{path}", "{token}"),'


def add_row(text: str, line: str) -> str:
    """The types file with the row as its last. Raises ScaffoldError where the table does not end as usual."""
    if not text.endswith(_END) and not text.endswith("(\n)\n# fmt: on\n"):
        raise ScaffoldError("The table of rows does not end in `)` and `# fmt: on`: add the row by hand.")
    return text.removesuffix(")\n# fmt: on\n") + f"{line}\n)\n# fmt: on\n"


def test_file(folder: str, arm_type: str) -> str:
    """`tests/emulator/core/test_maps_accounts.py`."""
    words = re.sub(r"[^a-z0-9]+", "_", arm_type.split("/", 1)[1].lower())
    return f"tests/emulator/core/test_{folder}_{words}.py"


def files(root: Path, types: str, arm_type: str, path: str, token: str) -> dict[str, str]:
    """Content by path, of what is new or changed. types: the file for the row, as the catalog names it."""
    folder = types.split("/")[1]
    provider = arm_type.split("/", 1)[0].removeprefix("Microsoft.")
    made: dict[str, str] = {}
    if (root / types).exists():
        current = (root / types).read_text(encoding="utf-8")
    else:
        made[f"emulator/{folder}/__init__.py"] = INIT.format(provider=provider)
        current = TYPES.format(provider=provider)
    made[types] = add_row(current, row_line(path, token))
    example = re.sub(r"\{(\w+?)(?:Name)?\}", lambda found: f"example{found[1].lower()}", path)
    made[test_file(folder, arm_type)] = TEST.format(
        arm_type=arm_type, path=example, types=types, differences=types.replace("types.py", "differences.py")
    )
    return made
