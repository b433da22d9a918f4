"""The store keeps what it was given, through threads, processes and SIGKILL."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm.store import Store
from emulator.home import REPOSITORY, Home

ROOT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts"


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home)


def test_ids_ignore_case_and_keep_their_first_spelling(store: Store) -> None:
    store.put(f"{ROOT}/Account", {"name": "Account"})
    store.put(
        f"{ROOT.upper().replace('/SUBSCRIPTIONS', '/subscriptions')}/ACCOUNT", {"name": "Account", "tags": {}}
    )
    found = store.get(f"{ROOT}/account")
    assert found is not None
    assert found["id"] == f"{ROOT}/Account"
    assert len(store.children(ROOT)) == 1


def test_children_are_direct_and_in_order(store: Store) -> None:
    for name in ("b", "a", "c"):
        store.put(f"{ROOT}/{name}", {"name": name})
    store.put(f"{ROOT}/a/blobServices/default", {"name": "default"})
    store.put(f"{ROOT}/b", {"name": "b", "tags": {"x": "y"}})
    assert [child["name"] for child in store.children(ROOT)] == ["b", "a", "c"]


def test_delete_takes_the_subtree_and_nothing_beside_it(store: Store) -> None:
    for path in ("a", "a/blobServices/default", "a2", "a/providers/Microsoft.Authorization/locks/l"):
        store.put(f"{ROOT}/{path}", {})
    gone = store.delete(f"{ROOT}/A")
    assert gone == [
        f"{ROOT}/a/providers/Microsoft.Authorization/locks/l",
        f"{ROOT}/a/blobServices/default",
        f"{ROOT}/a",
    ]
    assert [one["id"] for one in store.subtree("/subscriptions")] == [f"{ROOT}/a2"]
    assert store.delete(f"{ROOT}/a") == []


def test_by_type_within_a_scope(store: Store) -> None:
    for group in ("g", "g2"):
        store.put(f"/subscriptions/s/resourceGroups/{group}/providers/N.S/things/t", {})
    assert len(store.by_type("n.s/THINGS")) == 2
    assert len(store.by_type("N.S/things", "/subscriptions/s/resourceGroups/G")) == 1
    assert len(store.by_type("N.S/things", "/")) == 2


def test_what_is_no_resource_id_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="not an ARM resource id"):
        store.put(ROOT, {})


def test_a_transaction_keeps_all_or_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        store.put(f"{ROOT}/a", {})
        with store.transaction():
            store.put_document("kind", "key", 1)
        raise RuntimeError
    assert store.get(f"{ROOT}/a") is None
    assert store.document("kind", "key") is None


@given(
    value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner))
)
def test_documents_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    store = Store(Home(tmp_path_factory.mktemp("home")))
    for secret in (False, True):
        store.put_document("kind", "key", value, secret=secret)
        assert store.document("kind", "key") == value
    store.close()


def test_documents_by_prefix(store: Store) -> None:
    for key in ("a/1", "a/2", "a%", "b"):
        store.put_document("kind", key, key)
    assert list(store.documents("kind", "a/")) == ["a/1", "a/2"]
    assert store.documents("other") == {}
    store.delete_document("kind", "b")
    assert store.document("kind", "b") is None


def test_secrets_are_not_readable_in_the_file(home: Home) -> None:
    store = Store(home)
    store.put_document("kind", "key", "s3cr3t-in-the-clear", secret=True)
    store.close()
    content = b"".join(path.read_bytes() for path in home.root.glob("emulator.db*"))
    assert b"s3cr3t-in-the-clear" not in content
    assert Store(home).document("kind", "key") == "s3cr3t-in-the-clear"
    for path in (home.database, home.sealing_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_threads_do_not_lose_writes(store: Store) -> None:
    def write(number: int) -> None:
        for index in range(25):
            store.put(f"{ROOT}/a{number}x{index}", {"name": "x"})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.children(ROOT)) == 200


WRITER = """
import sys
from pathlib import Path
from emulator.arm.store import Store
from emulator.home import Home
store = Store(Home(Path(sys.argv[1])))
for index in range(100000):
    store.put(f"{sys.argv[2]}/a{index}", {"name": f"a{index}"})
    print(index, flush=True)
"""


def test_no_write_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), ROOT], stdout=subprocess.PIPE, cwd=REPOSITORY
    )
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.readlines()
    process.wait()
    last = int(told[-1] if told[-1].endswith(b"\n") else told[-2])
    store = Store(Home(tmp_path))
    assert all(store.get(f"{ROOT}/a{index}") for index in range(last + 1))


def test_a_secret_that_another_process_makes_meanwhile_is_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(_: int) -> str:
        home.passphrase.write_text("theirs")
        return "mine"

    monkeypatch.setattr("emulator.home.secrets.token_urlsafe", slowly)
    assert home.secret(home.passphrase) == "theirs"
    assert [path.name for path in home.pulumi.iterdir() if path.name.startswith(".")] == []
