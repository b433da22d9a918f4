"""azure-storage-queue, unmodified: queues and messages by roles, keys, signatures and firewalls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import (
    AccountSasPermissions,
    QueueClient,
    QueueSasPermissions,
    QueueServiceClient,
    ResourceTypes,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
    generate_account_sas,
    generate_queue_sas,
)
from hypothesis import given
from hypothesis import strategies as st

from emulator.app import Emulator
from emulator.errors import AzureError
from emulator.identity.directory import ENGINEERS
from emulator.storage.queues.messages import Messages
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

URL = "https://acct.queue.core.windows.net"
CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
READER = "19e7f393-937e-4f77-808e-94535e297925"
PROCESSOR = "8a0f0c08-91a1-4084-bc3d-661d67233fed"
SENDER = "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"


@pytest.fixture
def service(emulator: Emulator) -> QueueServiceClient:
    estate.grant(emulator, ENGINEERS, CONTRIBUTOR)
    return QueueServiceClient(URL, Credential(emulator), transport=transport(emulator), retry_total=0)


@pytest.fixture
def queue(service: QueueServiceClient) -> QueueClient:
    return service.create_queue("events")


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def code(error: BaseException) -> str:
    found = getattr(error, "error_code", "")
    return str(getattr(found, "value", found))


def test_messages_are_put_taken_updated_and_deleted(queue: QueueClient) -> None:
    sent = queue.send_message("<one> & zwei", time_to_live=60)
    assert sent.id and sent.pop_receipt
    assert [one.content for one in queue.peek_messages(5)] == ["<one> & zwei"]
    taken = queue.receive_message(visibility_timeout=30)
    assert taken is not None
    assert (taken.content, taken.dequeue_count, taken.id) == ("<one> & zwei", 1, sent.id)
    assert queue.receive_message() is None and queue.peek_messages() == []
    assert queue.get_queue_properties().approximate_message_count == 1
    changed = queue.update_message(taken, content="three", visibility_timeout=0)
    assert [one.content for one in queue.peek_messages()] == ["three"]
    with pytest.raises(HttpResponseError) as stale:
        queue.delete_message(sent.id, taken.pop_receipt)
    assert (stale.value.status_code, code(stale.value)) == (400, "PopReceiptMismatch")
    queue.delete_message(sent.id, changed.pop_receipt)
    with pytest.raises(ResourceNotFoundError) as gone:
        queue.delete_message(sent.id, changed.pop_receipt)
    assert code(gone.value) == "MessageNotFound"


def test_the_oldest_messages_come_first_and_in_pages(queue: QueueClient) -> None:
    for number in range(40):
        queue.send_message(str(number))
    found = [one.content for one in queue.receive_messages(messages_per_page=32)]
    assert found == [str(number) for number in range(40)]
    queue.clear_messages()
    assert queue.get_queue_properties().approximate_message_count == 0


def test_texts_can_be_in_base64(service: QueueServiceClient) -> None:
    encoded = QueueClient(
        URL,
        "encoded",
        service.credential,
        transport=service._pipeline._transport,
        message_encode_policy=TextBase64EncodePolicy(),
        message_decode_policy=TextBase64DecodePolicy(),
    )
    encoded.create_queue()
    encoded.send_message("\x01 ü")
    taken = encoded.receive_message()
    assert taken is not None and taken.content == "\x01 ü"


def test_queues_are_resources_on_both_sides(emulator: Emulator, service: QueueServiceClient) -> None:
    queue = service.create_queue("events", metadata={"team": "ml"})
    with pytest.raises(ResourceExistsError):  # 204: the client makes it an error
        queue.create_queue(metadata={"team": "ml"})
    with pytest.raises(ResourceExistsError) as other:
        queue.create_queue(metadata={"team": "other"})
    assert code(other.value) == "QueueAlreadyExists" and other.value.status_code == 409
    queue_id = f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/acct/queueServices/default/queues"
    queue.send_message("one")
    found = emulator.arm.get(f"{queue_id}/events")["properties"]
    assert (found["metadata"], found["approximateMessageCount"]) == ({"team": "ml"}, 1)
    emulator.arm.put(f"{queue_id}/second", {})
    service.get_queue_client("second").set_queue_metadata({"a": "b"})
    listed = list(service.list_queues(include_metadata=True, results_per_page=1))
    assert [(one.name, one.metadata) for one in listed] == [
        ("events", {"team": "ml"}),
        ("second", {"a": "b"}),
    ]
    emulator.arm.delete(f"{queue_id}/events")
    with pytest.raises(ResourceNotFoundError) as gone:
        queue.send_message("two")
    assert code(gone.value) == "QueueNotFound"
    emulator.arm.put(f"{queue_id}/events", {})
    assert queue.peek_messages() == []  # what it held went with it


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (READER, {"peek"}),
        (SENDER, {"send"}),
        (PROCESSOR, {"peek", "receive", "delete"}),
        (CONTRIBUTOR, {"peek", "send", "receive", "update", "delete", "clear"}),
    ],
)
def test_each_role_allows_what_azure_says(
    emulator: Emulator, queue: QueueClient, role: str, allowed: set[str]
) -> None:
    """ "Permissions for queue service operations" in the REST reference."""
    queue.send_message("one")
    held = queue.receive_message(visibility_timeout=1)
    assert held is not None
    who = estate.identity(emulator, "worker")
    estate.grant(emulator, who.object_id, role)
    client = QueueClient(
        URL, "events", Credential(emulator, who), transport=transport(emulator), retry_total=0
    )
    calls: dict[str, Any] = {
        "peek": client.peek_messages,
        "send": lambda: client.send_message("two"),
        "receive": client.receive_message,
        "update": lambda: held.update(client.update_message(held, visibility_timeout=60)),
        "delete": lambda: client.delete_message(held),
        "clear": client.clear_messages,
    }
    done: set[str] = set()
    for name, call in calls.items():
        try:
            call()
        except HttpResponseError as error:
            assert code(error) == "AuthorizationPermissionMismatch"
        else:
            done.add(name)
    assert done == allowed


def test_keys_and_signatures(emulator: Emulator) -> None:
    account = estate.account(emulator, "keyed")
    key = emulator.arm.act(_action(account))["keys"][0]["value"]
    url = "https://keyed.queue.core.windows.net"
    more: dict[str, Any] = {"transport": transport(emulator), "retry_total": 0}
    by_key = QueueClient(url, "events", key, **more)
    by_key.create_queue()
    by_key.send_message("one")
    soon = datetime.now(UTC) + timedelta(hours=1)
    processes = QueueSasPermissions(process=True)
    signed = generate_queue_sas("keyed", "events", key, permission=processes, expiry=soon)
    by_signature = QueueClient(url, "events", signed, **more)
    taken = by_signature.receive_message()
    assert taken is not None and taken.content == "one"
    with pytest.raises(HttpResponseError) as refused:
        by_signature.send_message("two")
    assert code(refused.value) == "AuthorizationPermissionMismatch"
    whole = generate_account_sas(
        "keyed", key, ResourceTypes(object=True), AccountSasPermissions(add=True), soon, services="q"
    )
    QueueClient(url, "events", whole, **more).send_message("three")
    closed = emulator.arm.put(account, {"properties": {"allowSharedKeyAccess": False}}, merge=True)
    assert closed
    with pytest.raises(HttpResponseError) as shut:
        by_key.send_message("four")
    assert code(shut.value) == "KeyBasedAuthenticationNotPermitted"


def test_a_firewall_shuts_queues_as_it_shuts_blobs(emulator: Emulator, queue: QueueClient) -> None:
    account = f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
    shut = {"networkAcls": {"defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}}
    emulator.arm.put(account, {"properties": shut}, merge=True)
    with pytest.raises(HttpResponseError) as refused:
        queue.send_message("one")
    assert (refused.value.status_code, code(refused.value)) == (403, "AuthorizationFailure")
    open_to = {**shut["networkAcls"], "ipRules": [{"value": "203.0.113.10"}]}
    emulator.arm.put(account, {"properties": {"networkAcls": open_to}}, merge=True)
    queue.send_message("one")


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda queue: queue.send_message("x" * 65_537), (413, "RequestBodyTooLarge")),
        (lambda queue: queue.send_message("x", time_to_live=5, visibility_timeout=5), (400, "OutOfRange")),
        (lambda queue: queue.send_message("x", visibility_timeout=604_801), (400, "OutOfRange")),
        (lambda queue: queue.receive_message(visibility_timeout=604_801), (400, "OutOfRange")),
        (lambda queue: queue.set_queue_access_policy({}), (501, "NotEmulated")),
    ],
)
def test_what_azure_refuses(queue: QueueClient, call: Any, wanted: tuple[int, str]) -> None:
    with pytest.raises(HttpResponseError) as refused:
        call(queue)
    assert refused.value.status_code == wanted[0]
    assert wanted[1] in (code(refused.value) + str(refused.value))


@pytest.mark.parametrize("name", ["a", "Events", "two--hyphens", "ends-", "x" * 64])
def test_names_of_queues(service: QueueServiceClient, name: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        service.create_queue(name)
    assert code(refused.value) == "InvalidResourceName"


def test_messages_come_back_expire_and_outlive_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    messages = Messages(tmp_path / "queues.db", clock)
    messages.put("acct", "events", "short", 0, 60)
    messages.put("acct", "events", "late", 90, -1)
    (first,) = messages.take("acct", "events", 32, 30)
    clock.now += 29
    assert messages.take("acct", "events", 32, 30) == []
    clock.now += 1
    (again,) = messages.take("acct", "events", 32, 30)
    assert (again.id, again.dequeued) == (first.id, 2)
    with pytest.raises(AzureError, match="PopReceiptMismatch"):
        messages.delete("acct", "events", first.id, first.receipt)
    clock.now += 31
    assert messages.count("acct", "events") == 1
    messages.close()
    clock.now += 30
    reopened = Messages(tmp_path / "queues.db", clock)
    assert [one.text for one in reopened.take("acct", "events", 32, 30)] == ["late"]
    reopened.close()


@given(st.lists(st.sampled_from(["put", "take", "delete", "wait"]), max_size=40))
def test_no_message_is_lost_and_none_is_held_by_two(steps: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        messages = Messages(Path(folder, "queues.db"), clock)
        alive: set[str] = set()
        held: dict[str, tuple[str, float]] = {}
        for step in steps:
            if step == "put":
                alive.add(messages.put("a", "q", "text", 0, -1).id)
            elif step == "take":
                for one in messages.take("a", "q", 2, 30):
                    assert one.id in alive and held.get(one.id, ("", 0.0))[1] <= clock.now
                    held[one.id] = one.receipt, clock.now + 30
            elif step == "wait":
                clock.now += 20
            elif held:
                message_id, (receipt, _) = held.popitem()
                messages.delete("a", "q", message_id, receipt)
                alive.remove(message_id)
            assert messages.count("a", "q") == len(alive)
        messages.close()


def _action(account: str) -> Any:
    from emulator.arm.service import Action

    return Action(account, "listKeys", {}, {}, {}, None)
