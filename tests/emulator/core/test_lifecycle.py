"""The daemon as its users meet it: real processes, real clients, the proxy between them."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from emulator.home import REPOSITORY, Home
from emulator.identity.directory import SUBSCRIPTIONS
from emulator.lifecycle import Lock

pytestmark = pytest.mark.e2e
SUBSCRIPTION = next(iter(SUBSCRIPTIONS))
CLEAN = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}

CLIENT = """
import json, sys
import requests
from azure.identity import DefaultAzureCredential

token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
url = "https://management.azure.com/subscriptions/%s/resourceGroups/rg" % sys.argv[2]
answer = requests.request(
    sys.argv[1], url, params={"api-version": "2024-01-01"}, json={"location": "westeurope"},
    headers={"authorization": "Bearer " + token},
)
print(json.dumps({"status": answer.status_code, "body": answer.json() if answer.content else None}))
"""

OUTSIDE = """
import urllib.error, urllib.request
for url in ("https://example.org/", "http://example.net/x", "https://management.azure.com:444/",
            "https://portal.azure.com/v1/", "http://aka.ms/x"):
    try:
        urllib.request.urlopen(url, timeout=5)
    except urllib.error.HTTPError as error:
        print(error.code)
    except OSError as error:
        print("403" if "403" in str(error) else repr(error))
"""


class Cli:
    """Runs ``python -m emulator`` on a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = Home(home)

    def __call__(self, *arguments: str, expect: int | None = 0, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "emulator", *arguments],
            cwd=REPOSITORY,
            env={**CLEAN, "EMULATOR_HOME": str(self.home.root), **more},
            capture_output=True,
            text=True,
            timeout=60,
        )
        if expect is not None:
            assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        return json.loads(self("status", "--json"))

    def client(self, method: str) -> dict[str, Any]:
        return json.loads(self("run", "--", sys.executable, "-c", CLIENT, method, SUBSCRIPTION))


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path / "home")
    yield cli
    cli("down")


def test_state_ports_and_ca_survive_a_restart(cli: Cli) -> None:
    cli("up")
    ca, ports = cli.home.ca.read_bytes(), cli.home.read_ports()
    assert cli.client("PUT")["status"] == 201
    cli("down")
    cli("status", expect=2)
    cli("up")
    assert (cli.home.ca.read_bytes(), cli.home.read_ports()) == (ca, ports)
    assert cli.client("PUT")["status"] == 200
    assert cli.status()["resources"] == {"Microsoft.Resources/resourceGroups": 1}
    assert cli.client("DELETE")["status"] == 200
    assert cli.status()["resources"] == {}


def test_open_connections_do_not_hold_it_up(cli: Cli) -> None:
    cli("up")
    with socket.create_connection(("127.0.0.1", cli.home.read_ports()["proxy"]), timeout=5) as tunnel:
        tunnel.sendall(b"CONNECT management.azure.com:443 HTTP/1.1\r\n\r\n")
        assert b" 200 " in tunnel.recv(4096)
        began = time.monotonic()
        cli("down")
        assert time.monotonic() - began < 5
        assert tunnel.recv(1) == b""
    assert cli.home.log.read_text() == ""


def test_a_second_up_joins_the_first(cli: Cli) -> None:
    first, second = (json.loads(cli("up", "--json")) for _ in range(2))
    assert (first["started"], second["started"]) == (True, False)
    assert first["pid"] == second["pid"] == cli.status()["pid"]


def test_many_ups_at_once_make_one_daemon(cli: Cli) -> None:
    command = [sys.executable, "-m", "emulator", "up", "--json"]
    environment = {**CLEAN, "EMULATOR_HOME": str(cli.home.root)}
    started = [
        subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE) for _ in range(4)
    ]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in started]
    assert len({answer["pid"] for answer in answers}) == 1
    assert sum(answer["started"] for answer in answers) == 1


def test_a_killed_daemon_leaves_no_trouble(cli: Cli) -> None:
    cli("up")
    os.kill(cli.status()["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 5
    lock = Lock(cli.home)
    while not lock.take():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    lock.release()
    cli("status", expect=2)
    assert not cli.home.pid.exists()
    cli("down")
    cli("up")
    cli("status")


def test_what_is_outside_is_refused_and_listed(cli: Cli) -> None:
    cli("up")
    assert cli("run", "--", sys.executable, "-c", OUTSIDE).split() == ["403", "403", "403", "501", "501"]
    found = cli.status()["refused_hosts"]
    assert {one["name"]: one["count"] for one in found} == {
        "example.org": 1,
        "example.net": 1,
        "management.azure.com:444": 1,
        "portal.azure.com": 1,
        "aka.ms": 1,
    }
    assert all(one["first"] <= one["last"] for one in found)
    cli("status", "--clear-refusals")
    assert cli.status()["refused_hosts"] == []


def test_the_exit_code_of_the_command_is_passed_on(cli: Cli) -> None:
    cli("run", "--", "true", expect=2)  # nothing runs yet
    cli("up")
    cli("run", "--", "sh", "-c", "exit 37", expect=37)
    cli("run", "--", "no-such-command-here", expect=127)


def test_the_daemon_has_the_environment_from_before_the_proxy(cli: Cli) -> None:
    cli("up", AZURE_CLIENT_SECRET="mine", ARM_CLIENT_SECRET="mine")
    variables = json.loads(cli("env", "--json"))
    assert variables["HTTPS_PROXY"] == variables["https_proxy"]
    assert variables["NO_PROXY"] == "127.0.0.1,localhost"
    cli("down")
    cli("up", **variables, expect=0)  # from a shell that has evaluated `env`
    environment = psutil.Process(cli.status()["pid"]).environ()
    assert not {key for key in environment if "proxy" in key.lower()}
    assert environment.get("SSL_CERT_FILE") == CLEAN.get("SSL_CERT_FILE")
    assert "ARM_CLIENT_SECRET" not in environment


def test_a_client_carries_no_credentials_of_its_callers_own(cli: Cli) -> None:
    cli("up")
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    seen = json.loads(
        cli(
            "run",
            "--",
            sys.executable,
            "-c",
            script,
            ARM_CLIENT_SECRET="mine",
            AZURE_CLIENT_SECRET="mine",
            PULUMI_ACCESS_TOKEN="mine",
        )
    )
    assert "ARM_CLIENT_SECRET" not in seen
    assert "PULUMI_ACCESS_TOKEN" not in seen
    assert seen["AZURE_CLIENT_SECRET"] != "mine"
    assert seen["PULUMI_BACKEND_URL"].startswith("file://")


def test_the_home_is_private(cli: Cli) -> None:
    cli("up")
    cli.client("PUT")
    home = cli.home
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (home.root, *home.root.rglob("*"))}
    open_to_others = [
        str(path)
        for path, mode in modes.items()
        if path.is_dir() and mode & 0o077 and path.parent == home.root
    ]
    assert modes[home.root] == 0o700
    assert not open_to_others
    for path in (
        home.sealing_key,
        home.signing_key,
        home.client_secret,
        home.tls / "key.pem",
        home.control_token,
    ):
        assert modes[path] == 0o600, path


def test_control_needs_the_token_and_nobody_becomes_a_workload(cli: Cli) -> None:
    cli("up")
    port = cli.home.read_ports()["plain"]

    def ask(*lines: str) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall("\r\n".join([*lines, "connection: close", "", ""]).encode())
            return b"".join(iter(lambda: connection.recv(4096), b""))

    assert b" 403 " in ask("GET /status HTTP/1.1", "host: 127.0.0.1").split(b"\r\n")[0]
    forged = ask(
        "GET /metadata/identity/oauth2/token?resource=https://vault.azure.net HTTP/1.1",
        "host: 169.254.169.254",
        "metadata: true",
        "x-emulator-workload: somebody",
    )
    assert b"Identity not found" in forged


def test_a_taken_proxy_port_is_said(cli: Cli) -> None:
    cli("up")
    cli("down")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", cli.home.read_ports()["proxy"]))
        other.listen()
        cli("up", expect=1)


WORKLOAD = """
import json, sys
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ManagedIdentityCredential
try:
    token = ManagedIdentityCredential(client_id=sys.argv[1]).get_token("https://management.azure.com/.default").token
except ClientAuthenticationError as error:
    sys.exit(3)
import requests
answer = requests.get(
    "https://management.azure.com/subscriptions/%s/resourceGroups/rg" % sys.argv[2],
    params={"api-version": "2024-01-01"}, headers={"authorization": "Bearer " + token},
)
print(answer.status_code, answer.json()["error"]["code"])
"""


def test_a_workload_is_its_identity_and_nobody_else(home: Home, tmp_path: Path) -> None:
    """The proxy tells the metadata service who asks; the workload's secret is what it goes by."""
    from emulator import server
    from emulator.app import Emulator

    from .conftest import Client

    running: dict[str, Emulator] = {}

    class Recorded(Emulator):
        def __init__(self, home: Home) -> None:
            super().__init__(home)
            running["emulator"] = self

    ready = threading.Event()
    stop = threading.Event()
    thread = threading.Thread(target=server.serve, args=(home, ready.set, stop, Recorded), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        emulator = running["emulator"]
        mine, other = (Client(emulator).identity(name) for name in ("mine", "other"))
        variables = emulator.workplaces.admit("a group/its container", [mine.resource_id])
        assert "AZURE_CLIENT_SECRET" not in variables

        def ask(client_id: str, variables: dict[str, str]) -> tuple[int, str]:
            done = subprocess.run(
                [sys.executable, "-c", WORKLOAD, client_id, SUBSCRIPTION],
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
                capture_output=True,
                text=True,
                timeout=60,
            )
            return done.returncode, done.stdout.strip()

        assert ask(mine.client_id, variables) == (0, "403 AuthorizationFailed")
        assert ask(other.client_id, variables)[0] == 3
        forged = {key: value.replace("a%20group", "b") for key, value in variables.items()}
        assert ask(mine.client_id, forged)[0] != 0
    finally:
        stop.set()
        thread.join(20)


def test_a_request_that_cannot_be_read_is_answered(cli: Cli) -> None:
    cli("up")
    with socket.create_connection(("127.0.0.1", cli.home.read_ports()["proxy"]), timeout=5) as connection:
        connection.sendall(b"GET http://a.azurecontainer.io:port/ HTTP/1.1\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
