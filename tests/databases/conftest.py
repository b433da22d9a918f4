"""One PostgreSQL server for all, an empty database for each test; `make test-databases` prepares that."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ml.precomputed.postgres import ServerStore
from ml.precomputed.schema import ERASER, READER, WRITER, Member, prepare
from scoring.precomputed.address import Server
from scoring.precomputed.lookup import ServerReader
from tests.ml.precomputed.behaviour import Look
from tools.databases.server import ADMINISTRATOR, Running, running

TRAINING, SCORING = "id-mlops-stage-weu-training", "id-mlops-stage-weu-scoring"
ERASERS = "Data protection"
MEMBERS = [
    Member(TRAINING, "00000000-0000-4000-8000-000000000001", WRITER),
    Member(SCORING, "00000000-0000-4000-8000-000000000002", READER),
    Member(ERASERS, "00000000-0000-4000-8000-000000000003", ERASER, "group"),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.databases)


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    with running({"fsync": "off"}) as found:
        yield found


@dataclass(frozen=True)
class Database:
    """An estate's database on the server, made ready."""

    server: Running
    name: str

    def address(self, user: str) -> Server:
        return self.server.address(user, self.name)

    def prepare(self) -> list[str]:
        return prepare(self.address(ADMINISTRATOR), self.token, MEMBERS, self.server.authorities)

    def token(self) -> str:
        return self.server.token

    def store(self, user: str = TRAINING, role: str = WRITER) -> ServerStore:
        return ServerStore(self.address(user), self.token, self.server.authorities, role)

    def reader(self, seconds: float = 10.0) -> ServerReader:
        return ServerReader(self.address(SCORING), self.token, seconds, self.server.authorities)

    def tables(self) -> list[str]:
        """Of rows, whether they are partitions or not."""
        with self.server.superuser(self.name) as connection:
            listed = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^predictions_[0-9]+$'"
            found: list[Any] = connection.execute(f"{listed} ORDER BY relname").fetchall()
        return [table for (table,) in found]


@pytest.fixture
def database(server: Running) -> Database:
    made = Database(server, f"p-{uuid.uuid4().hex[:8]}")
    made.prepare()
    return made


@pytest.fixture
def store(database: Database) -> Iterator[ServerStore]:
    found = database.store()
    yield found
    found.close()


@pytest.fixture
def look(database: Database) -> Look:
    def ask(key: str) -> Any:
        reader = database.reader()
        try:
            return reader.look(key)
        finally:
            reader.close()

    return ask
