"""Where the emulator keeps everything: one directory, private to its user."""

from __future__ import annotations

import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.state import damaged

REPOSITORY = Path(__file__).resolve().parent.parent
ASIDE = re.compile(r"\..+\.(?P<pid>[0-9]+)\.[0-9a-f]{8}")


def write_aside(path: Path, data: bytes, mode: int = 0o600, *, keep: bool = False) -> None:
    """Write beside ``path``, then rename: a reader sees the old file or the new one, never half of it.

    ``keep``: a file that another process made meanwhile stays.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if not keep:
            aside.replace(path)
            return
        with suppress(FileExistsError):
            os.link(aside, path)
        aside.unlink()
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def private(path: Path) -> Path:
    """A folder that its owner alone can read, made with all that is missing above it, where it is missing."""
    if not path.is_dir():
        private(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one emulator."""

    root: Path

    @staticmethod
    def default() -> Home:
        """``EMULATOR_HOME``, else ``.emulator`` in the repository."""
        return Home(Path(os.environ.get("EMULATOR_HOME") or REPOSITORY / ".emulator").expanduser().resolve())

    def prepare(self) -> Home:
        """Make the directories, readable by their owner alone; those that were wider open are no more.

        Pulumi's logs get none, but a file of that name: it writes them whatever it is told.
        """
        private(self.root)
        if self.run.is_dir() or not any(self.root.iterdir()):  # it is a home, not just any folder
            _close(self.root)
        for path in (
            self.blobs,
            self.tls,
            self.pulumi,
            self.pulumi_home,
            self.pulumi_state,
            self.pulumi_config,
            self.jobs,
            self.images,
            self.containers,
            self.run,
            self.logs,
        ):
            _close(private(path))
        # Pulumi writes down whatever it does: a third of the engine's CPU in a preview, a megabyte each time.
        # It does not where a file stands in the place of its folder. A folder that is there already stays.
        if not self.pulumi_logs.exists():
            self.pulumi_logs.touch(mode=0o600)
        return self

    def sweep(self) -> None:
        """Remove what ``write_aside`` of processes that were killed has left in the home, and what Pulumi
        wrote beside its state files before that was switched off (see ``environment.client``)."""
        import psutil

        for folder in (self.root, self.run, self.tls, self.pulumi, self.pulumi_config, self.logs):
            for path in folder.glob(".*"):
                left = ASIDE.fullmatch(path.name)
                if left and not psutil.pid_exists(int(left["pid"])):
                    path.unlink(missing_ok=True)
        for path in self.pulumi_state.rglob("*.attrs"):
            path.unlink(missing_ok=True)

    @property
    def database(self) -> Path:
        return self.root / "emulator.db"

    @property
    def sealing_key(self) -> Path:
        return self.root / "emulator.key"

    @property
    def telemetry(self) -> Path:
        return self.root / "telemetry.db"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def blob_index(self) -> Path:
        return self.blobs / "index.db"

    @property
    def queues(self) -> Path:
        return self.root / "queues.db"

    @property
    def events(self) -> Path:
        return self.root / "events.db"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def ca(self) -> Path:
        return self.tls / "ca.pem"

    @property
    def pulumi(self) -> Path:
        return self.root / "pulumi"

    @property
    def pulumi_home(self) -> Path:
        return self.pulumi / "home"

    @property
    def pulumi_logs(self) -> Path:
        return self.pulumi_home / "logs"

    @property
    def pulumi_state(self) -> Path:
        return self.pulumi / "state"

    @property
    def pulumi_config(self) -> Path:
        return self.pulumi / "config"

    @property
    def passphrase(self) -> Path:
        return self.pulumi / "passphrase"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def containers(self) -> Path:
        return self.root / "containers"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def pid(self) -> Path:
        return self.run / "pid"

    @property
    def ports(self) -> Path:
        return self.run / "ports.json"

    @property
    def control_token(self) -> Path:
        return self.run / "control"

    @property
    def client_secret(self) -> Path:
        return self.run / "client-secret"

    @property
    def signing_key(self) -> Path:
        return self.root / "identity.pem"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def log(self) -> Path:
        return self.logs / "server.log"

    def keep_token(self, name: str, token: str) -> Path:
        """Keep the token of a workflow's run where its programs read it; the file."""
        path = self.run / f"workflow-{name}.jwt"
        write_aside(path, token.encode())
        return path

    def secret(self, path: Path) -> str:
        """The secret kept in ``path`` (mode 0600), made at the first call."""
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_aside(path, secrets.token_urlsafe(32).encode(), keep=True)
        return path.read_text().strip()

    def read_ports(self) -> dict[str, Any]:
        """The ports of the last start; empty before the first. StateError when they cannot be read."""
        if not self.ports.exists():
            return {}
        remedy = (
            "End the emulator if it runs (the process that holds the lock beside it) and remove the file: "
            "the next `up` takes new ports. Shells with the old ones need `python -m emulator env` again."
        )
        try:
            ports = json.loads(self.ports.read_bytes())
        except ValueError as error:
            raise damaged(self.ports, error, remedy) from error
        if not isinstance(ports, dict) or not all(isinstance(port, int) for port in ports.values()):
            raise damaged(self.ports, "it is no object of port numbers", remedy)
        return ports


def _close(path: Path) -> None:
    """Take the rights of all others than the owner."""
    mode = path.stat().st_mode
    if mode & 0o077:
        path.chmod(mode & 0o700)
