"""Eight clients at once say what must be there: of each round exactly one gets its way."""

from __future__ import annotations

import json

import pytest

from .conftest import World
from .test_concurrency import BEFORE

ROUNDS = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, local

arm("PUT", group, place)
table = f"https://management.azure.com{provider}Network/routeTables/wanted?api-version=2024-01-01"
barrier, thread, found = Barrier(8), local(), {"PUT-new": [], "PUT-match": [], "DELETE-match": []}

def ask(method, client, **headers):
    if not hasattr(thread, "session"):
        thread.session = requests.Session()
        thread.session.headers["authorization"] = f"Bearer {token}"
    barrier.wait(60)
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    body = {**place, "tags": {"by": str(client)}}
    return thread.session.request(method, table, json=body, headers=headers, timeout=60).status_code

with ThreadPoolExecutor(8) as pool:
    def all_at_once(kind, method, **headers):
        answers = pool.map(lambda client: ask(method, client, **headers), range(8))
        found[kind].append(sorted(answers))

    for _ in range(6):
        all_at_once("PUT-new", "PUT", if_none_match="*")
        for kind, method in (("PUT-match", "PUT"), ("DELETE-match", "DELETE")):
            etag = session.get(table, timeout=60).headers["etag"]
            all_at_once(kind, method, if_match=etag)
print(json.dumps(found))
"""


@pytest.mark.e2e
def test_exactly_one_of_eight_wins(world: World) -> None:
    found = json.loads(world.python(BEFORE + ROUNDS, "0"))
    assert found == {
        "PUT-new": [[201] + [412] * 7] * 6,
        "PUT-match": [[200] + [412] * 7] * 6,
        "DELETE-match": [[200] + [412] * 7] * 6,
    }
