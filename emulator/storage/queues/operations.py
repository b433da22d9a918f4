"""The operations of the Queue service, and the right that each needs.

From "Authorize with Microsoft Entra ID: permissions for calling data operations" and the REST reference of
the Queue service (learn.microsoft.com, read 2026-11).
"""

from __future__ import annotations

from typing import Final

from emulator.storage.operations import Operation

SERVICE: Final = "Microsoft.Storage/storageAccounts/queueServices"
QUEUES: Final = f"{SERVICE}/queues"
MESSAGES: Final = f"{QUEUES}/messages"
READ: Final = f"{MESSAGES}/read"
DELETE: Final = f"{MESSAGES}/delete"
PROCESS: Final = f"{MESSAGES}/process/action"

LIST_QUEUES: Final = Operation("List Queues", f"{QUEUES}/read", False, "l", "s", False)
SERVICE_PROPERTIES: Final = Operation(
    "Get Queue Service Properties", f"{SERVICE}/read", False, "r", "s", False
)
CREATE_QUEUE: Final = Operation("Create Queue", f"{QUEUES}/write", False, "cw", "c", False)
DELETE_QUEUE: Final = Operation("Delete Queue", f"{QUEUES}/delete", False, "d", "c", False)
READ_QUEUE: Final = Operation("Get Queue Metadata", f"{QUEUES}/read", False, "r", "c", False)
WRITE_QUEUE: Final = Operation("Set Queue Metadata", f"{QUEUES}/write", False, "w", "c", False)
PUT_MESSAGE: Final = Operation(
    "Put Message", f"{MESSAGES}/add/action", True, "a", "o", instead=((f"{MESSAGES}/write",),)
)
GET_MESSAGES: Final = Operation("Get Messages", PROCESS, True, "p", "o", instead=((DELETE, READ),))
PEEK_MESSAGES: Final = Operation("Peek Messages", READ, True, "r", "o")
UPDATE_MESSAGE: Final = Operation("Update Message", f"{MESSAGES}/write", True, "u", "o")
DELETE_MESSAGE: Final = Operation("Delete Message", PROCESS, True, "p", "o", instead=((DELETE,),))
CLEAR_MESSAGES: Final = Operation("Clear Messages", DELETE, True, "d", "o", False)
