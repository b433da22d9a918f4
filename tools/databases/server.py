"""A PostgreSQL server on a free port of loopback, in a temporary folder, with TLS, as a user without rights.

It resembles Azure's: nobody comes without TLS, the administrator is no superuser, and roles of identities are
made by a function in the database `postgres`. What stands for a token is a password, the same for all.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scoring.precomputed.address import Server
from tools.databases.install import programs
from tools.kubernetes import certificates

HOST: Final = "localhost"  # which the certificate names, as verify-full asks for
ADMINISTRATOR: Final = "ML engineers"
DATABASE: Final = "predictions"
START_SECONDS: Final = 60.0
PR_SET_PDEATHSIG: Final = 1
_SUPERUSER: Final = "superuser"
# The function by which Azure makes roles of identities, as far as it is asked here.
_FUNCTION: Final = """
CREATE FUNCTION pgaadauth_create_principal_with_oid(
  name text, oid text, kind text, is_admin boolean, is_mfa boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
  IF is_admin OR is_mfa OR kind NOT IN ('service', 'group') OR oid::uuid IS NULL THEN
    RAISE EXCEPTION 'not asked for here';
  END IF;
  EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L', name, '{token}');
  RETURN 'Created role for "' || name || '"';
END $$
"""


class ServerError(RuntimeError):
    """The server did not come up; the text holds the end of its words."""


@dataclass
class Running:
    """A server that answers. token: what every role signs in by. authorities: the file of its authority."""

    port: int
    folder: Path
    token: str
    programs: Path
    settings: dict[str, str]
    process: subprocess.Popen[Any] | None = None

    @property
    def authorities(self) -> Path:
        return self.folder / "tls" / "ca.crt"

    def address(self, user: str = ADMINISTRATOR, database: str = DATABASE) -> Server:
        return Server(user, HOST, self.port, database)

    def superuser(self, database: str = DATABASE) -> Any:
        """A connection that may do all, for what a test has to look at or arrange."""
        import psycopg

        return psycopg.connect(
            host=str(self.folder), port=self.port, user=_SUPERUSER, dbname=database, autocommit=True
        )

    def start(self) -> None:
        settings = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            process = self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *settings],
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,
                **_as_nobody(),
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            import psycopg

            try:
                self.superuser("postgres").close()
                return
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    words = (self.folder / "log").read_text(errors="replace")[-2000:]
                    raise ServerError(f"PostgreSQL does not start:\n{words}") from error
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends connections and writes what has to be written; SIGQUIT is like a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None


@contextmanager
def running(settings: dict[str, str] | None = None) -> Generator[Running]:
    """A server with an administrator and no database yet. settings: of PostgreSQL, beside its own."""
    found = programs()
    if found is None:
        raise ServerError("PostgreSQL is not installed; `make test-databases` says what to install")
    folder = Path(tempfile.mkdtemp(prefix="mlops-postgres-"))
    server = Running(_free_port(), folder, secrets.token_urlsafe(24), found, {})
    try:
        _make(server, settings or {})
        server.start()
        _fill(server)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _make(server: Running, settings: dict[str, str]) -> None:
    folder = server.folder
    keys = certificates.make(folder / "tls", ())
    (folder / "hba.conf").write_text(
        f"local all {_SUPERUSER} trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
    )
    user = _as_nobody()
    if user:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user["user"], user["group"])
    folder.chmod(0o700)
    done = subprocess.run(
        [server.programs / "initdb", "-D", folder / "data", "-U", _SUPERUSER, "-E", "UTF8", "--locale=C"],
        capture_output=True,
        text=True,
        check=False,
        **user,
    )
    if done.returncode != 0:
        raise ServerError(f"initdb ended with {done.returncode}:\n{done.stderr[-2000:]}")
    server.settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(server.port),
        "unix_socket_directories": str(folder),
        "hba_file": str(folder / "hba.conf"),
        "ssl": "on",
        "ssl_cert_file": str(keys.file("server.crt")),
        "ssl_key_file": str(keys.file("server.key")),
        "log_statement": "none",
        **settings,
    }


def _fill(server: Running) -> None:
    """The administrator, who may make roles and databases and is no superuser, as Azure's is none."""
    from psycopg import sql

    made = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}")
    with server.superuser("postgres") as connection:
        connection.execute(made.format(sql.Identifier(ADMINISTRATOR), sql.Literal(server.token)))
        connection.execute(_FUNCTION.replace("{token}", server.token))


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: its own user, or nobody, runs it then."""
    if os.getuid() != 0:
        return {}
    names = {one.pw_name: one for one in pwd.getpwall()}
    found = names.get("postgres") or names["nobody"]
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _end_with_parent() -> None:
    """The server ends with whoever started it, however that ends."""
    if os.uname().sysname == "Linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
