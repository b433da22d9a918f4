"""python -m tools.scaffold Microsoft.X/y: the row of a type, as the SDK knows it, and a test to complete."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from emulator.arm import catalog
from tools.scaffold.sdk import ScaffoldError, path_of, read, segments_of, token_of
from tools.scaffold.write import files

ROOT = Path(__file__).resolve().parents[2]


def scaffold(arm_type: str, token: str, root: Path) -> dict[str, str]:
    """The files to write, by path. Raises ScaffoldError; nothing is written here."""
    segments_of(arm_type)
    if catalog.find(arm_type):
        raise ScaffoldError(
            f"{arm_type} is emulated already: `git grep -n {arm_type.split('/')[0]} emulator`."
        )
    chosen = token or token_of(arm_type)
    path = path_of(arm_type, read(chosen).inputs)
    parent = arm_type.rpartition("/")[0]
    if "/" in parent and catalog.find(parent) is None:
        raise ScaffoldError(f"{arm_type} stands in {parent}, which is not emulated: begin with that.")
    return files(root, catalog.home(chosen.split(":")[0]), arm_type, path, chosen)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.scaffold", description=__doc__)
    parser.add_argument("type", help="an ARM type, as in Microsoft.Maps/accounts")
    parser.add_argument(
        "--token", default="", help="its Pulumi token, where the name does not tell: maps:Account"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
    parser.add_argument("--json", action="store_true", help="the files as JSON on standard output")
    given = parser.parse_args()
    try:
        made = scaffold(given.type, given.token, ROOT)
    except ScaffoldError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if not given.dry_run:
        for name, content in made.items():
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(content, encoding="utf-8")
    if given.json:
        print(json.dumps({"written": not given.dry_run, "files": sorted(made)}))
    else:
        verb = "would write" if given.dry_run else "wrote"
        print("\n".join(f"{verb} {name}" for name in made))
        test = next(name for name in made if name.startswith("tests/"))
        print(f"next: `python -m pytest -q {test}` says what is left to say; then `make docs`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
