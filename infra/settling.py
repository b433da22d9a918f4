"""Waits for the outputs of a program with one look at each: a run of an estate's takes a second of CPU less.

Pulumi waits for them by itself. But it waits for the first of all that are under way, and then anew for all
of the rest: an estate's thousand outputs are looked at some hundred thousand times.
"""

import asyncio
from typing import Any

from pulumi.runtime.settings import SETTINGS


def tracked() -> set[asyncio.Future[Any]]:
    """The outputs that Pulumi itself waits for: those under way, and those that have failed."""
    settings: Any = SETTINGS
    return settings.outputs


async def outputs_settled() -> None:
    """Come back when no output is under way, or as soon as one has failed: Pulumi then says so itself."""
    failed = False
    while not failed and (pending := [output for output in tracked() if not output.done()]):
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        failed = any(output.cancelled() or output.exception() for output in done)
