"""Operations on the messages of a queue."""

from __future__ import annotations

from typing import Final

from emulator.http import Response
from emulator.storage import xml
from emulator.storage.errors import failure
from emulator.storage.model import http_date
from emulator.storage.queues import operations
from emulator.storage.queues.context import Context
from emulator.storage.queues.messages import Message

XML: Final = {"content-type": "application/xml"}
LONGEST_BYTES: Final = 64 << 10
WEEK_S: Final = 7 * 24 * 3600
HIDDEN_S: Final = 30  # of a message that was got, unless the request says otherwise
MOST_AT_ONCE: Final = 32
LONGEST_TTL_S: Final = 999_999_999


def put_message(context: Context) -> Response:
    """Put Message."""
    context.require(operations.PUT_MESSAGE)
    context.resource()
    text = _text(context)
    if text is None:
        raise failure("InvalidXmlDocument", "A QueueMessage with its MessageText is wanted.")
    ttl = context.number("messagettl", WEEK_S, -1, LONGEST_TTL_S)
    delay = context.number("visibilitytimeout", 0, 0, WEEK_S)
    if ttl == 0 or (ttl > 0 and delay >= ttl):
        words = f"messagettl={ttl}, visibilitytimeout={delay}: a message has to be seen before it expires."
        raise failure("OutOfRangeQueryParameterValue", words)
    made = context.messages.put(context.account.name, context.queue, text, delay, ttl)
    return _listed(201, [{**_dates(made), **_receipt(made)}])


def get_messages(context: Context) -> Response:
    """Get Messages, and Peek Messages."""
    peek = context.request.query.get("peekonly", "").lower() == "true"
    context.require(operations.PEEK_MESSAGES if peek else operations.GET_MESSAGES)
    context.resource()
    count = context.number("numofmessages", 1, 1, MOST_AT_ONCE)
    if peek:
        found = context.messages.peek(context.account.name, context.queue, count)
        return _listed(200, [{**_dates(one), **_content(one)} for one in found])
    hidden = context.number("visibilitytimeout", HIDDEN_S, 1, WEEK_S)
    taken = context.messages.take(context.account.name, context.queue, count, hidden)
    return _listed(200, [{**_dates(one), **_receipt(one), **_content(one)} for one in taken])


def clear_messages(context: Context) -> Response:
    """Clear Messages."""
    context.require(operations.CLEAR_MESSAGES)
    context.resource()
    context.messages.clear(context.account.name, context.queue)
    return Response(204)


def update_message(context: Context) -> Response:
    """Update Message: its text where one is sent, and until when nobody else sees it."""
    context.require(operations.UPDATE_MESSAGE)
    context.resource()
    if "visibilitytimeout" not in context.request.query:
        raise failure("MissingRequiredQueryParameter", "visibilitytimeout: 0 to 604800 seconds.")
    hidden = context.number("visibilitytimeout", 0, 0, WEEK_S)
    text = _text(context) if context.request.body.strip() else None
    receipt = _given_receipt(context)
    changed = context.messages.update(
        context.account.name, context.queue, context.message, receipt, hidden, text
    )
    headers = {"x-ms-popreceipt": changed.receipt, "x-ms-time-next-visible": http_date(changed.visible)}
    return Response(204, headers)


def delete_message(context: Context) -> Response:
    """Delete Message: by whoever has its receipt."""
    context.require(operations.DELETE_MESSAGE)
    context.resource()
    context.messages.delete(context.account.name, context.queue, context.message, _given_receipt(context))
    return Response(204)


def _given_receipt(context: Context) -> str:
    receipt = context.request.query.get("popreceipt", "")
    if not receipt:
        raise failure("MissingRequiredQueryParameter", "popreceipt, as the message was got with.")
    return receipt


def _text(context: Context) -> str | None:
    """The text of the message that was sent, None without one; 413 for one that is too long."""
    found = dict(xml.leaves(context.request.body, as_sent=True)).get("MessageText")
    if found is not None and len(found.encode()) > LONGEST_BYTES:
        raise failure("RequestBodyTooLarge", f"A message has at most {LONGEST_BYTES} bytes.")
    return found


def _dates(message: Message) -> dict[str, str]:
    return {
        "MessageId": message.id,
        "InsertionTime": http_date(message.inserted),
        "ExpirationTime": http_date(message.expires),
    }


def _receipt(message: Message) -> dict[str, str]:
    return {"PopReceipt": message.receipt, "TimeNextVisible": http_date(message.visible)}


def _content(message: Message) -> dict[str, str]:
    return {"DequeueCount": str(message.dequeued), "MessageText": message.text}


def _listed(status: int, messages: list[dict[str, str]]) -> Response:
    return Response(status, dict(XML), xml.documents("QueueMessagesList", "QueueMessage", messages))
