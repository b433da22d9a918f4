"""Runs commands of az one after another in one process, each as a command of its own: starting az takes long.

Reads a JSON list of argument lists from standard input; prints a JSON line for each: its exit code, what it
said, and the exception that nothing caught ("" for none). Run by the Python that az is installed for.
"""

import contextlib
import io
import json
import logging
import signal
import sys
import traceback

from azure.cli.core import get_default_cli

LIMIT_S = 120  # of one command: longer is a hang


def _late(*_: object) -> None:
    raise TimeoutError(f"the command has not ended after {LIMIT_S} s")


def run(arguments: list[str]) -> dict[str, object]:
    """One command; what it prints and logs is kept, never shown."""
    out, err, trouble, code = io.StringIO(), io.StringIO(), "", 0
    signal.alarm(LIMIT_S)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = get_default_cli().invoke(arguments, out_file=out) or 0
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else 1
    except BaseException:  # noqa: BLE001  what nothing caught is what is looked for
        code, trouble = 1, traceback.format_exc()
    finally:
        signal.alarm(0)
        for name in [None, *logging.root.manager.loggerDict]:
            logging.getLogger(name).handlers.clear()
    return {
        "command": arguments,
        "code": code,
        "out": out.getvalue(),
        "err": err.getvalue(),
        "trouble": trouble,
    }


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, _late)
    for one in json.load(sys.stdin):
        print(json.dumps(run(one)), flush=True)
