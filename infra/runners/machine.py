"""What each machine of the CI runners runs, as root: it asks GitHub for one job after the other.

The key of the GitHub App stays in Key Vault, which signs by the machine's identity; what GitHub then gives
registers a runner for one job ("Create configuration for a just-in-time runner for a repository", REST API
version 2022-11-28, read 2026-11: the App needs `administration: write`). Each job has a unit of systemd of
its own: a user that exists only while it runs, a file system that it cannot write to but for a private /tmp,
no way to more rights, and none to the machine's metadata, where its identity's tokens are.

This file is sent to the machine as it is: Python 3.12's standard library, and nothing else.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIGURATION = Path("/etc/estate-runner.json")
SOFTWARE = Path("/opt/actions-runner")
SECRETS = Path("/run/estate-runner")  # of the jobs: root's alone
REBOOT = Path("/run/reboot-required")  # written by Ubuntu's unattended upgrades
METADATA = "http://169.254.169.254/metadata/identity/oauth2/token"
GITHUB = "https://api.github.com"
GITHUB_VERSION = "2022-11-28"
VAULT_VERSION = "7.4"
LIFETIME = 540  # seconds, of the ten minutes that GitHub allows an assertion
DRIFT = 60  # seconds that GitHub's clock may be behind
TIMEOUT = 60  # seconds of an answer
JOBS = "estate-job-"  # what the units of jobs are called, each followed by its runner's name
GROUP = 1  # of runners: GitHub's "Default", the only one of a repository
WAITS = (15, 30, 60, 120, 300, 600)  # seconds after so many failures in a row

# Metadata, and the host that answers a machine's agent. Names are asked of systemd's resolver on the machine.
HOSTS_OWN = "169.254.169.254/32 168.63.129.16/32"
LIMITS = (
    "DynamicUser=yes",  # with it: no new privileges, nothing that stays, a read-only system
    "User=estate-job",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "ProtectProc=invisible",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "RestrictNamespaces=yes",
    "RestrictSUIDSGID=yes",
    f"IPAddressDeny={HOSTS_OWN}",
    "KillMode=control-group",
    "WorkingDirectory=/tmp",
    "Environment=HOME=/tmp/home",
)
# A copy for each job, since a runner writes into its folder and brings itself up to date there.
COMMAND = 'mkdir "$HOME" && cp -r "$0" /tmp/runner && exec /tmp/runner/run.sh'

Ask = Callable[[urllib.request.Request], bytes]
"""What a request is answered with. Raises Refused."""


class Refused(Exception):
    """What was asked, and what was said."""


@dataclass(frozen=True)
class Configuration:
    """identity: client id of the machine's own. key: its URL in Key Vault, without a version.

    repository: OWNER/NAME. app: the GitHub App's client id. installation: its number in the repository.
    labels: of the runners. software, sha256: the runner's archive, and its digest.
    """

    identity: str
    key: str
    repository: str
    app: str
    installation: str
    labels: tuple[str, ...]
    software: str
    sha256: str

    @staticmethod
    def read(text: str) -> "Configuration":
        told: dict[str, Any] = json.loads(text)
        labels: list[str] = told.pop("labels")
        return Configuration(labels=tuple(labels), **told)


def ask(request: urllib.request.Request) -> bytes:
    """Over the network. What carries a token goes by TLS alone, but for the machine's own metadata."""
    where = f"{request.get_method()} {request.full_url.partition('?')[0]}"
    if not request.full_url.startswith(("https://", METADATA)):
        raise Refused(f"{where}: only https is asked")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310  # as was just checked
            return answer.read()
    except urllib.error.HTTPError as error:
        said = error.read(500).decode(errors="replace")
        raise Refused(f"{where} is answered {error.code}: {said}") from error
    except OSError as error:  # no answer at all; URLError is one
        raise Refused(f"{where}: {error}") from error


def registered(told: Configuration, name: str, asked: Ask, now: Callable[[], float] = time.time) -> str:
    """What a runner of this name starts with, once, for one job. Raises Refused."""
    proof = assertion(told, asked, now())
    owner_and_name = told.repository
    # For this repository and this permission alone, whatever else the installation has.
    wanted = {
        "repositories": [owner_and_name.partition("/")[2]],
        "permissions": {"administration": "write"},
    }
    token = _github(f"/app/installations/{told.installation}/access_tokens", proof, wanted, asked)["token"]
    runner = {"name": name, "runner_group_id": GROUP, "labels": list(told.labels), "work_folder": "_work"}
    made = _github(f"/repos/{owner_and_name}/actions/runners/generate-jitconfig", token, runner, asked)
    return str(made["encoded_jit_config"])


def assertion(told: Configuration, asked: Ask, now: float) -> str:
    """What the App proves itself with: a JSON Web Token that Key Vault has signed (RS256)."""
    claims = {"iat": int(now) - DRIFT, "exp": int(now) + LIFETIME, "iss": told.app}
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    query = {"api-version": "2018-02-01", "resource": "https://vault.azure.net", "client_id": told.identity}
    metadata = f"{METADATA}?{urllib.parse.urlencode(query)}"
    token = json.loads(asked(_request(metadata, {"Metadata": "true"})))["access_token"]
    body = {"alg": "RS256", "value": _encoded(hashlib.sha256(signed.encode()).digest())}
    url = f"{told.key}/sign?api-version={VAULT_VERSION}"
    answer = _posted(url, {"Authorization": f"Bearer {token}"}, body, asked)
    return f"{signed}.{answer['value']}"


def _github(path: str, token: str, body: Mapping[str, Any], asked: Ask) -> dict[str, Any]:
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": GITHUB_VERSION,
    }
    return _posted(f"{GITHUB}{path}", headers, body, asked)


def _posted(url: str, headers: Mapping[str, str], body: Mapping[str, Any], asked: Ask) -> dict[str, Any]:
    content = json.dumps(body).encode()
    types = {**headers, "Content-Type": "application/json"}
    return json.loads(asked(_request(url, types, content)))


def _request(url: str, headers: Mapping[str, str], content: bytes | None = None) -> urllib.request.Request:
    """A POST where there is content. `ask` checks what is asked."""
    return urllib.request.Request(url, data=content, headers=dict(headers))  # noqa: S310


def _part(content: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def install(told: Configuration, folder: Path, asked: Ask) -> None:
    """Unpack the runner into a folder, unless it is there. Raises Refused where the digest is another."""
    if folder.exists():
        return
    content = asked(_request(told.software, {}))
    found = hashlib.sha256(content).hexdigest()
    if found != told.sha256:
        raise Refused(f"{told.software} has the digest {found}, and {told.sha256} is pinned")
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    archive = new.with_suffix(".tar.gz")
    archive.write_bytes(content)
    with tarfile.open(archive) as opened:
        opened.extractall(new, filter="data")
    archive.unlink()
    new.rename(folder)


def unit(name: str, secret: Path, folder: Path = SOFTWARE) -> list[str]:
    """The command that runs one job in a unit of its own, and comes back when it has ended."""
    limits = [f"--property={one}" for one in (*LIMITS, f"EnvironmentFile={secret}")]
    return [
        *("systemd-run", "--wait", "--collect", "--quiet", f"--unit={JOBS}{name}", *limits),
        *("/bin/sh", "-c", COMMAND, str(folder)),
    ]


def job(told: Configuration, name: str, asked: Ask, folder: Path = SECRETS) -> None:
    """Register a runner, let it wait for a job and do it. Raises Refused, and CalledProcessError."""
    start = registered(told, name, asked)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = folder / name
    # systemd reads it as root. On a command line, or as a property, everybody on the machine would see it.
    secret.touch(mode=0o600, exist_ok=False)
    secret.write_text(f"ACTIONS_RUNNER_INPUT_JITCONFIG={start}\n")
    try:
        subprocess.run(unit(name, secret), check=True)
    finally:
        secret.unlink()


def alone() -> None:
    """Come back when no job runs here: one goes on in its unit when this program ends and is started anew.

    Beside it another would be the same user, and could look at what it has.
    """
    while subprocess.run(["systemctl", "is-active", "--quiet", f"{JOBS}*.service"]).returncode == 0:
        time.sleep(WAITS[0])


def main() -> None:
    """For ever; systemd starts it again when it ends."""
    told = Configuration.read(CONFIGURATION.read_text())
    failures = 0
    while True:
        alone()
        if REBOOT.exists():  # between jobs, when an upgrade of the system asks for it
            subprocess.run(["systemctl", "reboot"], check=True)
            return
        name = f"{os.uname().nodename}-{uuid.uuid4().hex[:8]}"
        try:
            install(told, SOFTWARE, ask)
            job(told, name, ask)
            failures = 0
        except (Refused, subprocess.CalledProcessError) as error:
            wait = WAITS[min(failures, len(WAITS) - 1)]
            failures += 1
            print(f"{name}: {error}; again in {wait} s", file=sys.stderr, flush=True)
            time.sleep(wait)


if __name__ == "__main__":
    main()
