"""``python -m tools.programs FOLDER``: Pulumi programs from elsewhere, each through its whole life here.

Each program of the folder is copied, gets the Python environment that it names (this checkout's packages and
what else it requires), values for its settings, and an emulator of its own. Then: up, up again without a
change, refresh without a change, destroy, and nothing is left. Exit code 1 when one failed or was refused.
"""

import argparse
import fnmatch
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tools.programs import page, verdict
from tools.programs.life import Result, live


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.programs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="a folder of folders with a Pulumi.yaml each")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="the programs of this name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the table of results there")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep what each program printed")
    parser.add_argument("--limit", type=float, default=600, metavar="SECONDS", help="of each command (600)")
    options = parser.parse_args()
    found = sorted(file.parent for file in options.folder.glob("*/Pulumi.yaml"))
    chosen = [program for program in found if fnmatch.fnmatch(program.name, options.only)]
    if not chosen:
        parser.error(f"no folder in {options.folder} named {options.only} holds a Pulumi.yaml")
    results: list[Result] = []
    for program in chosen:
        with tempfile.TemporaryDirectory(prefix="program-") as scratch:
            result, said = live(program, Path(scratch), options.limit)
        if options.logs:
            options.logs.mkdir(parents=True, exist_ok=True)
            (options.logs / f"{program.name}.txt").write_text(said)
        results.append(result)
        print(f"{result.program}: {result.verdict} {result.step} {result.reason}".rstrip(), flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    if options.page:
        options.page.write_text(page.text(results))
    return int(any(result.verdict in (verdict.FAILED, verdict.REFUSED) for result in results))


if __name__ == "__main__":
    sys.exit(main())
