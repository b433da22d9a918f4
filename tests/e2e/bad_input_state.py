"""Damaged files of the emulator's home, and what `emulator up` and `pulumi` say of them."""

from __future__ import annotations

from typing import Final

# what is wrong, file below the home, how many bytes are kept (None: no file) or what is put in, what `up`
# says
STATE: Final[tuple[tuple[str, str, int | bytes | None, str], ...]] = (
    (
        "a database that is cut off",
        "emulator.db",
        8192,
        (
            "{home}/emulator.db is damaged (database disk image is malformed). Nothing was "
            "started. Put a copy of the whole folder {home} back, or move the folder away and"
            " begin with an empty Azure: mv {home} {home}.damaged && python -m emulator up"
        ),
    ),
    (
        "a database that is empty",
        "emulator.db",
        0,
        (
            "{home}/emulator.db is damaged (it is empty). Nothing was started. Put a copy of "
            "the whole folder {home} back, or move the folder away and begin with an empty "
            "Azure: mv {home} {home}.damaged && python -m emulator up"
        ),
    ),
    (
        "a database that is something else",
        "blobs/index.db",
        b"garbage " * 1000,
        (
            "{home}/blobs/index.db is damaged (file is not a database). Nothing was started: "
            "without it no blob has a name. Put a copy of the whole home back, or move the "
            "home away and begin with an empty Azure."
        ),
    ),
    (
        "telemetry that is cut off",
        "telemetry.db",
        4096,
        (
            "{home}/telemetry.db is damaged (database disk image is malformed). Nothing was "
            "started. It holds telemetry and nothing else; to begin with empty tables move it"
            " away: mv {home}/telemetry.db {home}/telemetry.db.damaged"
        ),
    ),
    (
        "a sealing key that is missing",
        "emulator.key",
        None,
        (
            "{home}/emulator.key is damaged (it is missing, but its database is there). What "
            "it sealed is lost with it. Nothing was started. Put a copy of the whole folder "
            "{home} back, or move the folder away and begin with an empty Azure: mv {home} "
            "{home}.damaged && python -m emulator up"
        ),
    ),
    (
        "a CA key that is missing",
        "tls/key.pem",
        None,
        (
            "{home}/tls/key.pem is damaged (it is missing, but its certificate is there). "
            "Nothing was started. To make a new authority: rm {home}/tls/ca.pem "
            "{home}/tls/key.pem. Shells and programs that trust the old one need `python -m "
            "emulator env` again."
        ),
    ),
    (
        "a signing key that is cut off",
        "identity.pem",
        100,
        (
            "{home}/identity.pem is damaged (it is no PEM). Remove it and start again: rm "
            "{home}/identity.pem. Tokens that are in use end with it."
        ),
    ),
    (
        "ports that are no JSON",
        "run/ports.json",
        b'{"proxy": ',
        (
            "{home}/run/ports.json is damaged (Expecting value: line 1 column 11 (char 10)). "
            "End the emulator if it runs (the process that holds the lock beside it) and "
            "remove the file: the next `up` takes new ports. Shells with the old ones need "
            "`python -m emulator env` again."
        ),
    ),
    (
        "ports that are no numbers",
        "run/ports.json",
        b'{"proxy": "x"}',
        (
            "{home}/run/ports.json is damaged (it is no object of port numbers). End the "
            "emulator if it runs (the process that holds the lock beside it) and remove the "
            "file: the next `up` takes new ports. Shells with the old ones need `python -m "
            "emulator env` again."
        ),
    ),
)

STACK: Final = (
    "{stacks}/stage.json is damaged (Expecting value: line 1 column 56 (char 55)); nothing was run on it. "
    "Pulumi keeps the state before the last one in stage.json.bak: "
    "cp {stacks}/stage.json.bak {stacks}/stage.json && pulumi refresh"
)
