"""What an administrator makes in a PostgreSQL server once: roles, a database, its schema and tables.

Nobody who loads or looks up owns the database, who looks up may read three tables, and who erases people's
rows may call one function. Identities sign in
with Microsoft Entra ID: their roles have no password, and are made by a function that Azure's servers have in
the database `postgres` ("Manage Microsoft Entra roles in Azure Database for PostgreSQL", read 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ml.errors import MlopsError
from ml.precomputed.statement import named
from scoring.precomputed.address import SCHEMA, Server
from scoring.precomputed.server import Token, connect

if TYPE_CHECKING:
    from psycopg import Connection

WRITER: Final = "precomputed_writer"
READER: Final = "precomputed_reader"
ERASER: Final = "precomputed_eraser"
LOAD_LOCK: Final = 0x6D6C6F7073  # of the database, for one load or erasure at a time
ROLES_DATABASE: Final = "postgres"
# By object id: names are no secret, and whoever makes an application of the same name would be let in.
MAKE_PRINCIPAL: Final = "pgaadauth_create_principal_with_oid(text,text,text,boolean,boolean)"
TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS prediction_runs (
        number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run text NOT NULL UNIQUE,
        model text NOT NULL, model_digest text NOT NULL, release text NOT NULL,
        scored_at timestamptz NOT NULL, rows bigint NOT NULL, loaded_at timestamptz NOT NULL,
        shown_at timestamptz)""",
    """CREATE TABLE IF NOT EXISTS published_run (
        one boolean PRIMARY KEY CHECK (one), number integer NOT NULL REFERENCES prediction_runs,
        since timestamptz NOT NULL)""",
    # Bytes are compared and no words of a language: an index stays right when the server's libraries change.
    """CREATE TABLE IF NOT EXISTS predictions (
        run integer NOT NULL, key text COLLATE "C" NOT NULL, probability double precision NOT NULL,
        label smallint NOT NULL, outlier_score double precision NOT NULL, outlier boolean NOT NULL,
        PRIMARY KEY (run, key)) PARTITION BY LIST (run)""",
)
ERASE_BY_KEY: Final = """
CREATE OR REPLACE FUNCTION erase_predictions(wanted text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE gone bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock({lock}) THEN
    RAISE EXCEPTION 'a run is loaded, which might hold rows of the key' USING ERRCODE = 'lock_not_available';
  END IF;
  DELETE FROM predictions WHERE key = wanted;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$
"""
"""All that whoever erases people's rows may do: neither see whose rows there are, nor remove them all."""


@dataclass(frozen=True, slots=True)
class Member:
    """An identity of the estate, or a group of people. role: its name. object_id: in Entra ID.

    group: WRITER, READER or ERASER. kind: of principal, as Azure's function names it.
    """

    role: str
    object_id: str
    group: str
    kind: Literal["service", "group"] = "service"


def prepare(
    server: Server, token: Token, members: Sequence[Member], authorities: Path | None = None
) -> list[str]:
    """Make what is not there yet; what is there stays. Returns the roles that were made.

    server: its user is an administrator, who also makes the database. Raises MlopsError.
    """
    from psycopg import Error

    try:
        roles_at = replace(server, database=ROLES_DATABASE)
        with connect(roles_at, token, {"search_path": "public"}, authorities) as connection:
            made = _principals(connection, members)
            _database(connection, server.database)
        with connect(server, token, {}, authorities) as connection, connection.transaction():
            _schema(connection)
            for one in members:
                connection.execute(named("GRANT {group} TO {role}", group=one.group, role=one.role))
    except Error as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise MlopsError(
            f"{server.words} could not be made ready: {first}.",
            "Sign in as a member of the server's administrators, inside the estate's network.",
        ) from None
    return made


def _principals(connection: Connection[Any], members: Sequence[Member]) -> list[str]:
    """The roles of identities that were not there, made by Azure's function. Raises MlopsError."""
    there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    missing = [one for one in members if one.role not in there]
    names = [one.role for one in missing]
    (function,) = connection.execute("SELECT to_regprocedure(%s)", (MAKE_PRINCIPAL,)).fetchone() or (None,)
    if missing and function is None:
        raise MlopsError(
            f"The server has no roles {', '.join(names)}, and no function {MAKE_PRINCIPAL} to make them.",
            "Make the roles by hand, or name a server of Azure Database for PostgreSQL.",
        )
    for one in missing:
        call = "SELECT pgaadauth_create_principal_with_oid(%s, %s, %s, false, false)"
        connection.execute(call, (one.role, one.object_id, one.kind))
    return names


def _database(connection: Connection[Any], name: str) -> None:
    there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    if there is None:
        connection.execute(named("CREATE DATABASE {name}", name=name))
    # Also of a database that is there: whoever made it may have been interrupted before this.
    connection.execute(named("REVOKE ALL ON DATABASE {name} FROM PUBLIC", name=name))


def _schema(connection: Connection[Any]) -> None:
    there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    for role in (WRITER, READER, ERASER):
        if role not in there:
            connection.execute(named("CREATE ROLE {role} NOLOGIN", role=role))
        (database,) = connection.execute("SELECT current_database()").fetchone() or ("",)
        connection.execute(named("GRANT CONNECT ON DATABASE {name} TO {role}", name=database, role=role))
    # An administrator of Azure's is no superuser: it gives away what it is a member of.
    connection.execute(named("GRANT {role} TO CURRENT_USER", role=WRITER))
    connection.execute(
        named("CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {role}", schema=SCHEMA, role=WRITER)
    )
    connection.execute(named("SET LOCAL ROLE {role}", role=WRITER))
    for statement in TABLES:
        connection.execute(statement)
    connection.execute(named(ERASE_BY_KEY, schema=SCHEMA, lock=LOAD_LOCK))
    connection.execute("REVOKE ALL ON FUNCTION erase_predictions(text) FROM PUBLIC")
    connection.execute(named("GRANT EXECUTE ON FUNCTION erase_predictions(text) TO {role}", role=ERASER))
    for role in (READER, ERASER):
        connection.execute(named("GRANT USAGE ON SCHEMA {schema} TO {role}", schema=SCHEMA, role=role))
    connection.execute(
        named("GRANT SELECT ON prediction_runs, published_run, predictions TO {role}", role=READER)
    )
    connection.execute("RESET ROLE")
