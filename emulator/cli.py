"""The command line: ``python -m emulator up | down | status | env | run -- COMMAND | telemetry``."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from emulator.home import Home

NOT_RUNNING = 2
NOT_FOUND = 127
WRITE_STATE = ("pulumi", "mlops")  # both write the state of stacks into the home
READER_GONE = 141  # as a shell has it of a program that SIGPIPE ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = _parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parser.parse_args(given)
    home = Home.default()
    from emulator import room
    from emulator.lifecycle import LifecycleError
    from emulator.state import disk_full

    try:
        code: int = options.function(home, options)
        sys.stdout.flush()
    except BrokenPipeError:  # its reader has seen enough, as `head` has; nothing can be said to it any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except (LifecycleError, RuntimeError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if not (reason := disk_full(error)):
            raise
        print(f"emulator: {room.words(reason, home.root)}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="Azure on loopback. Its state is in EMULATOR_HOME (default: .emulator in the checkout).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function: Any, text: str, *, as_json: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(function=function)
        if as_json:
            command.add_argument("--json", action="store_true", help="print the result as JSON")
        return command

    add("up", _up, "Start it and wait until it answers. One that runs already stays.")
    add("down", _down, "End it and all that it started. Its state is kept for the next `up`.")
    status = add(
        "status",
        _status,
        "Show what runs, what exists and what was refused. The exit code is 0 only when it runs.",
    )
    status.add_argument(
        "--clear-refusals", action="store_true", help="forget the refusals once they are shown"
    )
    add("env", _env, 'Print the variables of a client, to be set by eval "$(python -m emulator env)".')
    run = add("run", _run, "Run a command as its client. The exit code is the command's.", as_json=False)
    run.add_argument(
        "--from",
        dest="place",
        default="",
        metavar="PLACE",
        help="where it runs: a subnet (its id, NETWORK/SUBNET, or a name that only one subnet has) or a "
        "public IPv4 address; without it, outside of every network",
    )
    run.add_argument(
        "--as",
        dest="user",
        default="",
        metavar="PERSON",
        help="who runs it: a person of the directory, by sign-in name; without it, the service principal",
    )
    run.add_argument(
        "--workflow",
        default="",
        metavar="IDENTITY",
        help="who runs it: a run of the CI workflow that this user-assigned identity trusts, as in GitHub",
    )
    run.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- COMMAND",
        help="the command with its arguments, as it would be without the emulator",
    )
    faults = add("faults", _faults, "Let things go wrong as they do in Azure. Without options, nothing does.")
    faults.add_argument(
        "--busy", default="0", metavar="SHARE", help="the share of answers that are 429 or 503, from 0 to 1"
    )
    faults.add_argument("--retry", default="1", metavar="SECONDS", help="what a 429 asks to wait (1)")
    faults.add_argument("--cut", default="0", metavar="N", help="cut one connection in N")
    faults.add_argument(
        "--late", default="0", metavar="SECONDS", help="how long a role assignment takes to work"
    )
    faults.add_argument("--slow", default="0", metavar="SECONDS", help="how long slow operations take")
    faults.add_argument(
        "--lag", default="0", metavar="SECONDS", help="how much longer telemetry takes until queries see it"
    )
    faults.add_argument(
        "--duplicates", default="0", metavar="SHARE", help="the share of events delivered twice, from 0 to 1"
    )
    faults.add_argument(
        "--disorder", default="0", metavar="SECONDS", help="events come up to so late, and overtake others"
    )
    faults.add_argument(
        "--hasten",
        default="0",
        metavar="N",
        help="Event Grid tries again N times as soon",
    )
    faults.add_argument("--seed", default="0", help="the same seed hits the same requests in a row")
    limit = add("limit", _limit, "Set a quota in place of the usual one, to see what is refused then.")
    limit.add_argument(
        "setting", metavar="NAME=NUMBER", help="the quota and its limit; NAME= gives the usual one back"
    )
    telemetry = add("telemetry", _telemetry, "Show the telemetry that has arrived, the newest first.")
    telemetry.add_argument(
        "--limit", type=int, default=20, metavar="COUNT", help="how many entries of a kind to show (20)"
    )
    telemetry.add_argument(
        "--wait-for",
        type=lambda text: text.split(","),
        default=[],
        metavar="NAME[,NAME]",
        help="first wait until rows of these tables, or metrics and events of these names, have arrived",
    )
    telemetry.add_argument(
        "--since",
        default="",
        metavar="TIME",
        help="with --wait-for: count only what is newer than this time (ISO 8601, UTC)",
    )
    telemetry.add_argument(
        "--within",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="with --wait-for: how long to wait (30); what is missing then makes the exit code 1",
    )
    serve = commands.add_parser("serve", description="Be the daemon, as which `up` starts it.")
    serve.add_argument(
        "--ready", type=int, default=None, metavar="FD", help="file descriptor to write to once it answers"
    )
    serve.set_defaults(function=_serve)
    return parser


def _up(home: Home, options: argparse.Namespace) -> int:
    from emulator import lifecycle

    began = time.monotonic()
    pid, started = lifecycle.up(home)
    seconds = time.monotonic() - began
    ports = home.read_ports()
    if options.json:
        print(json.dumps({"pid": pid, "started": started, "seconds": round(seconds, 2), "ports": ports}))
    else:
        what = f"runs (ready after {seconds:.1f} s)" if started else "runs already"
        print(f"Azure on loopback {what}: pid {pid}, proxy http://127.0.0.1:{ports['proxy']}")
        print(f"state: {home.root}")
    return 0


def _down(home: Home, options: argparse.Namespace) -> int:
    from emulator import lifecycle

    was = lifecycle.running(home)
    killed = lifecycle.down(home)
    if options.json:
        print(json.dumps({"pid": was, "killed": killed}))
    elif was is None:
        print(f"no emulator runs in {home.root}")
    else:
        print(f"ended (pid {was})" + (f"; had to be killed: {', '.join(killed)}" if killed else ""))
    return 0


def _status(home: Home, options: argparse.Namespace) -> int:
    from emulator import lifecycle
    from emulator.report import status_text

    pid = lifecycle.running(home)
    if pid is None:
        print(json.dumps({"running": False, "home": str(home.root)}) if options.json else _none(home))
        return NOT_RUNNING
    found: dict[str, Any] = {"running": True, **lifecycle.ask(home, "GET", "/status")}
    print(json.dumps(found, indent=2) if options.json else status_text(found))
    if options.clear_refusals:
        lifecycle.ask(home, "DELETE", "/refusals")
    return 0


def _env(home: Home, options: argparse.Namespace) -> int:
    from emulator import environment

    whole = environment.applied(home)
    changed = {key: whole[key] for key in (*environment.client(home), environment.BEFORE)}
    removed = [key for key in environment.FOREIGN if key in os.environ and key not in whole]
    if options.json:
        print(json.dumps(changed, indent=2))
        return 0
    for key, value in changed.items():
        print(f"export {key}={shlex.quote(value)}")
    if removed:
        print(f"unset {' '.join(removed)}")
    return 0


def _run(home: Home, options: argparse.Namespace) -> int:
    from emulator import environment, lifecycle

    command: list[str] = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        print("emulator: run needs a command: python -m emulator run -- COMMAND", file=sys.stderr)
        return NOT_RUNNING
    if lifecycle.running(home) is None:
        print(_none(home), file=sys.stderr)
        return NOT_RUNNING
    from emulator import pulumi

    place: tuple[str, str] | None = None
    if options.place:
        made = lifecycle.ask(home, "POST", f"/places?at={quote(options.place, safe='')}")
        place = made["name"], made["secret"]
    workflow: tuple[str, Path] | None = None
    if options.workflow and options.user:
        print("emulator: --as and --workflow are two ways to say who runs it: give one", file=sys.stderr)
        return NOT_FOUND
    if options.workflow:
        begun = lifecycle.ask(home, "POST", f"/workflows?identity={quote(options.workflow, safe='')}")
        workflow = begun["client_id"], home.keep_token(begun["client_id"], begun["token"])
    try:
        whole = environment.applied(home, place=place, user=options.user, workflow=workflow)
    except ValueError as error:
        print(f"emulator: {error}", file=sys.stderr)
        return NOT_FOUND
    own, given = str(Path(sys.executable).parent), whole.get("PATH", os.defpath)
    others = pulumi.program_of_others(command, Path.cwd())
    # The language host takes the first Python on PATH: this checkout's own for its own program only.
    whole["PATH"] = os.pathsep.join([given, own] if others else [own, given])
    only = own if command[0] == "pulumi" else None  # the one whose version is known to go with the provider
    program = (only and shutil.which(command[0], path=only)) or shutil.which(command[0], path=whole["PATH"])
    if program is None:
        print(f"emulator: {command[0]}: command not found", file=sys.stderr)
        return NOT_FOUND
    if Path(program).name in WRITE_STATE:
        lifecycle.require_room(home)
    if Path(program).name == "az":
        from emulator import azurecli  # which knows the directory: every other program starts without it

        azurecli.sign_in(home)
    try:
        whole |= pulumi.prepare(home, program, command, Path.cwd(), whole)
    except pulumi.PulumiError as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 1
    sys.stdout.flush()
    os.execve(program, command, whole)  # noqa: S606
    return 0


def _faults(home: Home, options: argparse.Namespace) -> int:
    from emulator import lifecycle

    named = {one: f"{one}_s" for one in ("retry", "late", "slow", "lag", "disorder")}
    words = (*("busy", "retry", "cut", "late", "slow", "lag", "duplicates", "disorder", "hasten", "seed"),)
    given = {named.get(one, one): getattr(options, one) for one in words}
    made = lifecycle.ask(home, "PUT", f"/faults?{urlencode(given)}")
    print(
        json.dumps(made) if options.json else ", ".join(f"{name} {value:g}" for name, value in made.items())
    )
    return 0


def _limit(home: Home, options: argparse.Namespace) -> int:
    from emulator import lifecycle

    name, _, number = options.setting.partition("=")
    path = f"/limits?name={quote(name, safe='')}&number={quote(number, safe='')}"
    made = lifecycle.ask(home, "PUT", path)
    print(json.dumps(made) if options.json else f"{made['name']}: {made['number']}")
    return 0


def _telemetry(home: Home, options: argparse.Namespace) -> int:
    from emulator.monitor import report

    missing = report.wait_for(home, options.wait_for, options.within, options.since)
    code = report.show(home, as_json=options.json, limit=options.limit)
    if missing:
        print(f"emulator: {', '.join(missing)} did not arrive within {options.within:g} s", file=sys.stderr)
        return 1
    return code


def _serve(home: Home, options: argparse.Namespace) -> int:
    from emulator import lifecycle

    code = lifecycle.serve(home, options.ready)
    # threads may still wait for something outside; all state is on disk
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _none(home: Home) -> str:
    return f"no emulator runs in {home.root}. Start one: python -m emulator up"
